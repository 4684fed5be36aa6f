import type { MethodDefinition } from "@grpc/grpc-js";
import { ServiceError } from "#lib/service-error.ts";

/** What stands for a request whose bytes cannot be decoded. */
export class Undecodable {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/**
 * The method, but that bytes which cannot be decoded reach its handler as an {@link Undecodable}. grpc-js would answer
 * INTERNAL by itself, which says that we failed and that the same bytes may be sent again.
 */
export function tolerant<Request, Response>(
  method: MethodDefinition<Request, Response>,
): MethodDefinition<Request | Undecodable, Response> {
  return {
    ...method,
    requestSerialize: (request) =>
      request instanceof Undecodable ? Buffer.alloc(0) : method.requestSerialize(request),
    requestDeserialize(bytes) {
      try {
        return method.requestDeserialize(bytes);
      } catch (error) {
        return new Undecodable(error);
      }
    },
  };
}

/** The request; an `invalid_request` when its bytes could not be decoded. */
export function decoded<Request>(request: Request | Undecodable): Request {
  if (!(request instanceof Undecodable)) return request;
  throw new ServiceError(
    "invalid_request",
    "The request cannot be decoded: it is cut, not of this message's type, or nested more than 100 levels deep.",
    { cause: request.cause },
  );
}
