import type { ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";

/** The methods of the bare chain: an answer whole, and an answer as it comes. Messages are bytes, neither packed nor read. */
export const INVOKE = "/twinspan.bench.Chain/Invoke";
export const INVOKE_STREAM = "/twinspan.bench.Chain/InvokeStream";

/** Bytes are what they are, in both directions. */
export const asTheyAre = (bytes: Buffer): Buffer => bytes;

/** The chain's service as grpc-js wants to have it described. */
export const chainService: ServiceDefinition<UntypedServiceImplementation> = {
  invoke: methodOf(INVOKE, false),
  invokeStream: methodOf(INVOKE_STREAM, true),
};

/** A request's message: its path, a line's end, and its body. */
export function messageOf(path: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${path}\n`), body]);
}

/** A message's path and body. */
export function requestOf(message: Buffer): { readonly path: string; readonly body: Buffer } {
  const end = message.indexOf("\n");
  return { path: message.toString("latin1", 0, end), body: message.subarray(end + 1) };
}

function methodOf(path: string, responseStream: boolean) {
  return {
    path,
    requestStream: false,
    responseStream,
    requestSerialize: asTheyAre,
    requestDeserialize: asTheyAre,
    responseSerialize: asTheyAre,
    responseDeserialize: asTheyAre,
  };
}
