import { type ClientOptions, InterceptingCall, type Interceptor } from "@grpc/grpc-js";
import { OWN_HEADER } from "../auth/credential.ts";

/** Options of a client that sends a key of twinspan's with every call. Undefined: it has none. */
export function sendingKey(key: string | undefined): Pick<ClientOptions, "interceptors"> {
  if (key === undefined) return {};
  const send: Interceptor = (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start(metadata, listener, next) {
        metadata.set(OWN_HEADER, key);
        next(metadata, listener);
      },
    });
  return { interceptors: [send] };
}
