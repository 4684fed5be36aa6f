import { isId } from "#lib/ids.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { nestTooDeep, VALUE_DEPTH_MAX } from "./attribute-depth.ts";

/** The last moment that a span may end at, in nanoseconds since the Unix epoch: stores keep signed 64-bit integers. */
export const END_MAX_NS = 2n ** 63n - 1n;

/** Why a span that came over OTLP is not taken. A closed list: it is a metric's label. */
export type RejectReason = keyof typeof REJECTIONS;

/** What each reason means, and what to do, for the one who sent the span. */
export const REJECTIONS = {
  bad_trace_id: "the trace id is not 16 bytes, not all zero",
  bad_span_id: "the span id is not 8 bytes, not all zero",
  bad_parent_id: "the parent's id is not 8 bytes, nor empty",
  no_start: "there is no start time",
  end_before_start: "the end is before the start: send spans when they have ended",
  future: "the span begins or ends too far in the future: check the clock",
  too_deep: `an attribute's value nests more than ${VALUE_DEPTH_MAX} deep`,
  bad_experiment: "the resource's twinspan.experiment is not a text of 1 to 250 printable characters",
  unknown_experiment:
    "there is no experiment of the id that is named: name one in x-twinspan-experiment or twinspan.experiment, and it is created when missing",
  too_many_experiments: "the export names more than 100 experiments: send fewer at once",
  experiments_full:
    "the experiment is missing, and the workspace has as many as traceWriter.limits.experimentsMax allows: name one that is there",
  export_too_large: "the traces of the export, each with its resource, come to more than 256 MiB: send fewer at once",
  trace_full: "the trace has as many spans as traceWriter.limits.traceSpansMax allows",
  sealed_trace: "the trace is a gateway's full trace, which only the gateway writes",
  mirror_span: "the span is a gateway's mirror, which only the gateway writes",
} as const;

/** Whether the ids of a span are ids at all. A batch in which none is was meant for another signal, such as logs. */
export function hasIds({ traceId, spanId }: Span): boolean {
  return isId(traceId, 16) && isId(spanId, 8);
}

/** Why a span cannot be taken. `latestNs` is as far in the future as a span may reach. Undefined: it can. */
export function checkSpan(span: Span, latestNs: bigint): RejectReason | undefined {
  if (!isId(span.traceId, 16)) return "bad_trace_id";
  if (!isId(span.spanId, 8)) return "bad_span_id";
  if (span.parentSpanId.length !== 0 && span.parentSpanId.length !== 8) return "bad_parent_id";
  if (span.startTimeUnixNano === 0n) return "no_start";
  if (span.endTimeUnixNano < span.startTimeUnixNano) return "end_before_start";
  if (span.endTimeUnixNano > latestNs || span.endTimeUnixNano > END_MAX_NS) return "future";
  return [span, ...span.events, ...span.links].some(({ attributes }) => nestTooDeep(attributes))
    ? "too_deep"
    : undefined;
}
