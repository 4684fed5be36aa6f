import { type Metadata, ServerInterceptingCall, type ServerInterceptor, status } from "@grpc/grpc-js";
import { type Span, SpanStatusCode } from "@opentelemetry/api";
import { METHOD_NEEDS } from "#lib/auth/method-needs.ts";
import { formatTraceParent, parseTraceParent } from "#lib/trace-context/traceparent.ts";
import { OWN_TRACE_METADATA } from "./own-propagator.ts";
import type { OwnTraces } from "./own-traces.ts";

/** No spans of these: a stream for many calls is none of them, and exported traces would be traced without end. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "/twinspan.gateway.v1.GatewayService/Exchange",
  "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
]);
/** What a server is to blame for, by OpenTelemetry's conventions for gRPC. */
const ERRORS: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/**
 * Makes an own span of each call of a server, but for health, reflection and what is left out. It takes the place of
 * its parent in the call's metadata, so that what the handler does hangs under it.
 */
export function traceRpcs(traces: OwnTraces): ServerInterceptor {
  return ({ path }, call) => {
    if (METHOD_NEEDS[path] === undefined || LEFT_OUT.has(path)) return new ServerInterceptingCall(call);
    let span: Span | undefined;
    const end = (code: status) => {
      span?.setAttribute("rpc.grpc.status_code", code);
      if (ERRORS.has(code)) span?.setStatus({ code: SpanStatusCode.ERROR });
      span?.end();
      span = undefined;
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, nextMetadata) {
            span = traces.begin(spanStartOf(path, metadata));
            const { traceId, spanId, traceFlags } = span.spanContext();
            metadata.set(OWN_TRACE_METADATA, formatTraceParent({ traceId, spanId, flags: traceFlags }));
            nextMetadata(metadata);
          },
          onCancel: () => end(status.CANCELLED),
        }),
      sendStatus(sent, next) {
        end(sent.code);
        next(sent);
      },
    });
  };
}

function spanStartOf(path: string, metadata: Metadata) {
  const name = path.slice(1);
  const [service = "", method = ""] = name.split("/");
  const told = parentIn(metadata, OWN_TRACE_METADATA);
  return {
    name,
    kind: "server",
    parent: told && { traceId: told.traceId, spanId: told.spanId, traceFlags: told.flags, isRemote: true },
    caller: parentIn(metadata, "traceparent"),
    attributes: { "rpc.system": "grpc", "rpc.service": service, "rpc.method": method },
  } as const;
}

function parentIn(metadata: Metadata, key: string) {
  const [value, ...others] = metadata.get(key);
  return typeof value === "string" && others.length === 0 ? parseTraceParent(value) : undefined;
}
