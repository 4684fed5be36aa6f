import { SPAN_ID_BYTES, type SpanIdHex } from "#lib/ids.ts";
import type { Call, MirrorTwin } from "#proto/twinspan/trace/v1/call.ts";
import type { Mirror } from "#proto/twinspan/trace/v1/mirror.ts";
import { callSpansOf } from "./call-spans.ts";

/**
 * The mirror of a call, its payload-free twin in the caller's trace (tracing.md §3), made field by field: its type has
 * no place for anything else.
 */
export function mirrorOf(call: Call, mirror: MirrorTwin): Mirror {
  const { gateway, attempts } = callSpansOf(call);
  const idOf = (place: number) => mirror.spanIds.subarray(place * SPAN_ID_BYTES, (place + 1) * SPAN_ID_BYTES);
  const gatewayId = idOf(0);
  return {
    traceId: mirror.traceId,
    spans: [
      { ...gateway, spanId: gatewayId, parentSpanId: mirror.parentSpanId },
      ...attempts.map((twin, index) => ({
        ...twin,
        spanId: idOf(index + 1),
        parentSpanId: gatewayId,
      })),
    ],
    experiment: mirror.experiment,
    linkedTraceId: mirror.linkedTraceId,
    linkedSpanId: mirror.linkedSpanId,
    workspace: mirror.workspace,
    callerKey: mirror.callerKey,
  };
}

/** The ids of the mirrored spans: of the gateway span, then of the attempts in their order. */
export function mirrorSpanIdsOf({ spanIds }: MirrorTwin): readonly SpanIdHex[] {
  const ids: SpanIdHex[] = [];
  for (let at = 0; at < spanIds.length; at += SPAN_ID_BYTES) ids.push(spanIds.toString("hex", at, at + SPAN_ID_BYTES));
  return ids;
}
