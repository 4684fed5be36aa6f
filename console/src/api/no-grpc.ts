/*
 * What stands in for @grpc/grpc-js in a browser: gen/ makes its clients with it, and the console none. Of a service it
 * only takes the names and the types of its methods.
 */

/** The class that every generated client extends. */
export class Client {}

/** Makes no client. */
/* @__NO_SIDE_EFFECTS__ */
export function makeGenericClientConstructor(): typeof Client {
  return Client;
}
