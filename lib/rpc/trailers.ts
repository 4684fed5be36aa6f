import { type Metadata, ServerInterceptingCall, type ServerInterceptor, status } from "@grpc/grpc-js";

const trailersOf = new WeakMap<Metadata, Metadata>();

/** Gives a call, known by its metadata, the trailers that go with its answer. They may be filled until it ends. */
export function setTrailers(callMetadata: Metadata, trailers: Metadata): void {
  trailersOf.set(callMetadata, trailers);
}

/**
 * Sends the trailers of {@link setTrailers} with an answer that is OK. A unary handler gives grpc-js its trailers
 * through its callback, but the instrumentation that carries the trace context wraps that callback and loses them.
 */
export const sendTrailers: ServerInterceptor = (_method, call) => {
  let trailers: () => Metadata | undefined = () => undefined;
  return new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMetadata(metadata, pass) {
          trailers = () => trailersOf.get(metadata);
          pass(metadata);
        },
      }),
    sendStatus: (ended, next) => {
      const metadata = ended.code === status.OK ? trailers() : undefined;
      next(metadata === undefined ? ended : { ...ended, metadata });
    },
  });
};
