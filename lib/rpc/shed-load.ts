import { Metadata, ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { METHOD_NEEDS } from "../auth/method-needs.ts";
import type { Admission } from "../load/admission.ts";
import { serviceErrorOf } from "../service-error.ts";
import { rpcFailureOf } from "./status-details.ts";

/**
 * Turns calls away that a server cannot take on now, when their metadata has come and nothing of their request is read.
 * Health and reflection answer always. Must come before interceptors that read of the call, since it is the first to
 * see it, and the last to end it.
 */
export function shedLoad(admission: Admission): ServerInterceptor {
  return (method, call) => {
    let turn: Disposable | undefined;
    const leave = () => turn?.[Symbol.dispose]();
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, pass) {
            try {
              if (METHOD_NEEDS[method.path] !== "nothing") turn = admission.enter();
            } catch (thrown) {
              const { code, details, metadata: trailers } = rpcFailureOf(serviceErrorOf(thrown), new Metadata());
              call.sendStatus({ code, details, metadata: trailers });
              return;
            }
            pass(metadata);
          },
          onCancel: leave,
        }),
      sendStatus(status, next) {
        leave();
        next(status);
      },
    });
  };
}
