import type { Call, MirrorTwin } from "#proto/twinspan/trace/v1/call.ts";
import type { Mirror } from "#proto/twinspan/trace/v1/mirror.ts";
import { callSpansOf } from "./call-spans.ts";

const SPAN_ID_BYTES = 8;

/**
 * The mirror of a call: its payload-free twin in the caller's trace (tracing.md §3). It is made field by field from what is
 * allowed, and its type has no place for anything else.
 */
export function mirrorOf(call: Call, mirror: MirrorTwin): Mirror {
  const { gateway, attempts } = callSpansOf(call);
  const gatewayId = mirrorSpanIdOf(mirror, 0);
  return {
    traceId: mirror.traceId,
    spans: [
      { ...gateway, spanId: gatewayId, parentSpanId: mirror.parentSpanId },
      ...attempts.map((twin, index) => ({
        ...twin,
        spanId: mirrorSpanIdOf(mirror, index + 1),
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

/** The id of a mirrored span. 0: the gateway span; attempts follow in their order. */
export function mirrorSpanIdOf({ spanIds }: MirrorTwin, place: number): Buffer {
  return spanIds.subarray(place * SPAN_ID_BYTES, (place + 1) * SPAN_ID_BYTES);
}
