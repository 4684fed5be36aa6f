import { context } from "@opentelemetry/api";
import { traceNameOf } from "#lib/ids.ts";
import { type RpcCall, requestIdOf } from "#lib/rpc/handler.ts";
import { NO_BAGGAGE } from "#lib/trace-context/baggage.ts";
import { callerContextOf } from "#lib/trace-context/caller-context.ts";
import { formatTraceParent, SAMPLED } from "#lib/trace-context/traceparent.ts";
import type { Header, InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";
import { callerOf } from "../core/caller.ts";
import type { InvocationCall } from "../invocation/invoke.ts";

/** What an RPC knows of an invocation by itself: who calls, in which trace, and where the answer's metadata goes. */
export type RpcInvocation = Pick<
  InvocationCall,
  "identity" | "requestId" | "caller" | "callerContext" | "signal" | "onTraced" | "onCounted" | "onAccepted" | "onEnded"
>;

/** Reads it of the call's metadata and of OpenTelemetry's context; the full trace is named in initial metadata and trailers. */
export function rpcInvocationOf(rpc: RpcCall): RpcInvocation {
  const callerContext = callerContextOf(context.active());
  const head: Header[] = [];
  const say = (name: string, value: string) => {
    head.push({ name, value });
    rpc.trailers.set(name, value);
  };
  let isSent = false;
  const sendHead = () => {
    if (!isSent) rpc.sendHead(head);
    isSent = true;
  };
  return {
    identity: rpc.identity,
    requestId: requestIdOf(rpc.metadata),
    caller: callerOf(rpc.metadata, rpc.host, callerContext?.baggage ?? NO_BAGGAGE),
    callerContext,
    signal: rpc.signal,
    onTraced({ traceId, spanId }) {
      say("x-twinspan-trace-id", traceNameOf(traceId));
      say("traceresponse", formatTraceParent({ traceId, spanId, flags: SAMPLED }));
    },
    onCounted(headers) {
      for (const [name, value] of headers) say(name, value);
    },
    onAccepted: sendHead,
    onEnded(summary) {
      sendHead();
      addTimings(rpc.trailers, summary);
    },
  };
}

/** Timings under MLflow's names: what is known only at the end goes into the trailers. */
function addTimings(trailers: RpcCall["trailers"], { durationNanos, providerNanos }: InvocationSummary): void {
  trailers.set("x-mlflow-gateway-duration-ms", millisOf(durationNanos));
  trailers.set("x-mlflow-gateway-overhead-duration-ms", millisOf(durationNanos - providerNanos));
}

function millisOf(nanos: bigint): string {
  return (Number(nanos) / 1e6).toFixed(3);
}
