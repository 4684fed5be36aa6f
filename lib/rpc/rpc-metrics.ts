import { ServerInterceptingCall, type ServerInterceptor, status } from "@grpc/grpc-js";
import type { Registry } from "prom-client";
import { METHOD_NEEDS } from "../auth/method-needs.ts";
import { createCellHistogram } from "../metric-cells.ts";

/** Seconds, from a read that is held in memory to a stream that goes on for long. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600];

/**
 * Measures the calls of a server by method and status, under `registry`. Methods that there are not count as one. Must
 * be the first interceptor: it is the first to see a call, and the last to end it.
 */
export function measureCalls(registry: Registry): ServerInterceptor {
  const seconds = createCellHistogram({
    name: "twinspan_rpc_seconds",
    help: "How long gRPC calls took, by method and status. A stream lasts from its first message to its end; Exchange is one stream for many calls.",
    labelNames: ["method", "code"],
    buckets: SECONDS,
    registers: [registry],
  });
  return ({ path }, call) => {
    const startMs = performance.now();
    let isUnderWay = true;
    const ended = (code: status) => {
      if (!isUnderWay) return;
      isUnderWay = false;
      const method = METHOD_NEEDS[path] === undefined ? "unknown" : path.slice(1);
      seconds.observe({ method, code: status[code] }, (performance.now() - startMs) / 1000);
    };
    return new ServerInterceptingCall(call, {
      start: (next) => next({ onCancel: () => ended(status.CANCELLED) }),
      sendStatus(sent, next) {
        ended(sent.code);
        next(sent);
      },
    });
  };
}
