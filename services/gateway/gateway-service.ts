import { Metadata } from "@grpc/grpc-js";
import { context } from "@opentelemetry/api";
import { traceNameOf } from "#lib/ids.ts";
import { type RpcCall, serverStreaming, unary } from "#lib/rpc/handler.ts";
import { ServiceError } from "#lib/service-error.ts";
import { callerContextOf } from "#lib/trace-context/caller-context.ts";
import { formatTraceParent, SAMPLED } from "#lib/trace-context/traceparent.ts";
import type {
  GatewayServiceServer,
  InvokeRequest,
  InvokeResponse,
  InvokeStreamRequest,
  InvokeStreamResponse,
} from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { Invocation, InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";
import { callerOf } from "./core/caller.ts";
import type { Gateway } from "./gateway.ts";
import { type InvocationCall, invoke } from "./invoke.ts";

/** `twinspan.gateway.v1.GatewayService` over the gateway: both ways in lead to the same `invoke`. */
export function createGatewayService(gateway: Gateway): GatewayServiceServer {
  return {
    invoke: unary<InvokeRequest, InvokeResponse>(gateway.log, async ({ invocation }, rpc) => {
      const pieces = invoke(gateway, invocationCallOf(required(invocation), rpc, false));
      for await (const { head, chunk, summary } of pieces) {
        if (summary !== undefined) return { head, body: chunk, summary };
      }
      throw new Error("an invocation ended without a summary");
    }),
    invokeStream: serverStreaming<InvokeStreamRequest, InvokeStreamResponse>(gateway.log, ({ invocation }, rpc) =>
      invoke(gateway, invocationCallOf(required(invocation), rpc, true)),
    ),
  };
}

function required(invocation: Invocation | undefined): Invocation {
  if (invocation !== undefined) return invocation;
  throw new ServiceError("invalid_request", "`invocation` is missing.", { field: "invocation" });
}

function invocationCallOf(invocation: Invocation, rpc: RpcCall, takesStream: boolean): InvocationCall {
  const callerContext = callerContextOf(context.active());
  const metadata = { get: (key: string) => textOf(rpc.metadata, key) };
  return {
    invocation,
    caller: callerOf(metadata, rpc.host, callerContext?.baggage ?? new Map()),
    callerContext,
    takesStream,
    signal: rpc.signal,
    onTraced({ traceId, spanId }) {
      const head = new Metadata();
      for (const metadata of [head, rpc.trailers]) {
        metadata.set("x-twinspan-trace-id", traceNameOf(traceId));
        metadata.set("traceresponse", formatTraceParent({ traceId, spanId, flags: SAMPLED }));
      }
      rpc.sendHead(head);
    },
    onEnded: (summary) => addTimings(rpc.trailers, summary),
  };
}

/** Timings under MLflow's names: what is known only at the end goes into the trailers. */
function addTimings(trailers: Metadata, { durationNanos, providerNanos }: InvocationSummary): void {
  trailers.set("x-mlflow-gateway-duration-ms", millisOf(durationNanos));
  trailers.set("x-mlflow-gateway-overhead-duration-ms", millisOf(durationNanos - providerNanos));
}

function millisOf(nanos: bigint): string {
  return (Number(nanos) / 1e6).toFixed(3);
}

function textOf(metadata: Metadata, key: string): string | undefined {
  const [value] = metadata.get(key);
  return typeof value === "string" ? value : undefined;
}
