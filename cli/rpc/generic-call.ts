import { Client, Metadata } from "@grpc/grpc-js";
import type { MethodDefinition, PackageDefinition } from "@grpc/proto-loader";
import type { Connection } from "../connection.ts";
import { CliError } from "../io.ts";
import { requestMessageOf } from "./request-message.ts";

type Method = MethodDefinition<object, object>;

/** A call of a method known by name only. */
export interface GenericCall {
  readonly connection: Connection;
  readonly service: string;
  readonly method: string;
  /** The request, parsed from JSON; for a method that takes a stream, an array of requests. */
  readonly request: unknown;
  readonly metadata: ReadonlyMap<string, string>;
  /** Milliseconds from now. */
  readonly deadlineMs: number;
}

/**
 * Makes the call, and yields each answer. All four kinds of methods look alike on the wire, so one way of calling
 * serves them all. Fails with grpc-js's error, rich details in its metadata.
 */
export async function* callGeneric(
  call: GenericCall,
  definitions: PackageDefinition,
  signal: AbortSignal,
): AsyncGenerator<object, void, void> {
  const method = methodOf(call, definitions);
  const requests = requestsOf(call, method, definitions);
  const metadata = new Metadata();
  for (const [key, value] of call.metadata) metadata.set(key, value);
  const { target, credentials, options } = call.connection;
  const client = new Client(target, credentials, options);
  const { path, requestSerialize, responseDeserialize } = method;
  const deadline = Date.now() + call.deadlineMs;
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata, { deadline });
  // A failure is thrown where the answers are read; one that comes after them is our own cancelling.
  stream.on("error", () => {});
  const cancel = () => stream.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    for (const request of requests) stream.write(request);
    stream.end();
    yield* stream;
  } finally {
    signal.removeEventListener("abort", cancel);
    stream.cancel();
    client.close();
  }
}

function methodOf({ service, method }: GenericCall, definitions: PackageDefinition): Method {
  const definition = definitions[service];
  if (definition === undefined || "format" in definition) throw new CliError(`"${service}" is not a service.`);
  const found = definition[method];
  if (found !== undefined) return found;
  const lack = method === "" ? "wants a method: <service>/<method>" : `has no method "${method}"`;
  throw new CliError(`${service} ${lack} (it has: ${Object.keys(definition).join(", ")}).`);
}

function requestsOf({ service, request }: GenericCall, method: Method, definitions: PackageDefinition) {
  const type = nameOf(method.requestType.type);
  const many = method.requestStream && Array.isArray(request) ? request : [request];
  return many.map((item: unknown) => requestMessageOf(item, type, service, definitions));
}

function nameOf(descriptor: object): string {
  return "name" in descriptor && typeof descriptor.name === "string" ? descriptor.name : "the request";
}
