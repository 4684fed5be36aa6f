import { isId, SPAN_ID_BYTES } from "#lib/ids.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { FullTrace, InvocationRecord, SpanPayload } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { isExperimentName } from "../experiments/experiment-name.ts";
import { isPayload } from "../spans/payload-attributes.ts";
import { END_MAX_NS } from "../spans/span-check.ts";
import { checkTold } from "./call-check.ts";
import { isConfiguredName, NAME_RULE } from "./configured-name.ts";
import { checkMirror } from "./mirror-check.ts";
import { SPANS_MAX } from "./twin-limits.ts";

const METADATA_MAX = 64;
const METADATA_TEXT_MAX = 250;
/** In UTF-16 units, so that a text cut at that length by its writer is never refused for its accents. */
const ERROR_TEXT_MAX = 16 * 1024;

/**
 * The rule of the contract that a record breaks, with the field that breaks it: `full.trace_id: must be 16 bytes, …`.
 * Never quotes a value. Undefined: it breaks none, and may be stored.
 */
export function checkRecord(record: InvocationRecord): string | undefined {
  const { call, full, payloads, mirror, fullTwin, mirrorTwin } = record;
  if (call !== undefined) return checkTold(call, record) ?? checkPayloads(payloads, fullTwin?.spans ?? []);
  if (full === undefined || fullTwin !== undefined || mirrorTwin !== undefined) return "call: is required";
  return (
    checkFull(full) ?? checkPayloads(payloads, spansOf(full)) ?? (mirror && checkMirror(mirror, full, spansOf(full)))
  );
}

/** The spans of a full trace, in their order: the root, then its attempts. */
function spansOf(full: FullTrace): readonly Span[] {
  return full.resourceSpans?.scopeSpans[0]?.spans ?? [];
}

function checkFull(full: FullTrace): string | undefined {
  if (!isId(full.traceId, 16)) return "full.trace_id: must be 16 bytes, not all zero";
  if (!isConfiguredName(full.workspace)) return `full.workspace: ${NAME_RULE}`;
  if (!isExperimentName(full.experiment)) return "full.experiment: must be 1 to 250 printable characters";
  if ((full.resourceSpans?.scopeSpans.length ?? 0) !== 1) return "full.resource_spans: must hold one scope";
  const metadata = Object.entries(full.metadata);
  if (metadata.length > METADATA_MAX) return `full.metadata: must have at most ${METADATA_MAX} entries`;
  if (metadata.some(([key, value]) => key.length > METADATA_TEXT_MAX || value.length > METADATA_TEXT_MAX)) {
    return `full.metadata: keys and values must have at most ${METADATA_TEXT_MAX} characters`;
  }
  const [root, ...attempts] = spansOf(full);
  if (root === undefined) return "full.resource_spans: must hold a root span";
  if (attempts.length >= SPANS_MAX) return `full.resource_spans: must hold at most ${SPANS_MAX} spans`;
  if (root.parentSpanId.length !== 0) return "full.resource_spans: the first span must be the root, without a parent";
  const ids = new Set<string>();
  for (const [index, span] of [root, ...attempts].entries()) {
    const fault = checkFullSpan(span, full) ?? (index === 0 ? undefined : checkChild(span, root));
    if (fault !== undefined) return `full.resource_spans.spans[${index}].${fault}`;
    ids.add(span.spanId.toString("hex"));
  }
  return ids.size === attempts.length + 1 ? undefined : "full.resource_spans: span ids must be unique";
}

function checkFullSpan(span: Span, full: FullTrace): string | undefined {
  if (!span.traceId.equals(full.traceId)) return "trace_id: must be the full trace's";
  if (!isId(span.spanId, SPAN_ID_BYTES)) return "span_id: must be 8 bytes, not all zero";
  if (span.startTimeUnixNano === 0n) return "start_time_unix_nano: is required";
  if (span.endTimeUnixNano < span.startTimeUnixNano) return "end_time_unix_nano: must not be before the start";
  if (span.endTimeUnixNano > END_MAX_NS) return "end_time_unix_nano: must be below 2^63";
  if ((span.status?.message ?? "") !== "") return "status.message: must be empty; error texts go into payloads";
  if (span.events.length > 0) return "events: must be empty; error texts go into payloads";
  if (span.attributes.some(isPayload)) return "attributes: must hold no payload; it goes into payloads";
  return undefined;
}

function checkChild(span: Span, root: Span): string | undefined {
  if (!span.parentSpanId.equals(root.spanId)) return "parent_span_id: must be the root's id";
  if (span.startTimeUnixNano < root.startTimeUnixNano || span.endTimeUnixNano > root.endTimeUnixNano) {
    return "start_time_unix_nano: an attempt must lie within the root";
  }
  return undefined;
}

function checkPayloads(payloads: readonly SpanPayload[], spans: readonly Pick<Span, "spanId">[]): string | undefined {
  if (payloads.length === 0) return undefined;
  const ids = new Set(spans.map(({ spanId }) => spanId.toString("hex")));
  for (const [index, { spanId, errorText }] of payloads.entries()) {
    if (!ids.delete(spanId.toString("hex"))) {
      return `payloads[${index}].span_id: must be a span of the full trace, once each`;
    }
    if (errorText.length > ERROR_TEXT_MAX) return `payloads[${index}].error_text: must have at most 16 KiB`;
  }
  return undefined;
}
