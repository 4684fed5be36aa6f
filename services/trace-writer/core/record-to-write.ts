import { attributesOf } from "#lib/spans/attributes.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { InvocationRecord, type SpanPayload } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { ExperimentRef } from "#proto/twinspan/trace/v1/mirror.ts";
import { mirrorSpansOf } from "./mirror-spans.ts";
import { previewOfBytes } from "./preview.ts";
import { type Digest, spanBatchOf } from "./span-batch.ts";
import type { SpanBatch, SpanRow } from "./span-row.ts";

/** A checked record, as it goes to a store. */
export interface RecordToWrite {
  readonly full: SpanBatch;
  /** The name of the experiment of the full trace. */
  readonly experiment: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** An InvocationRecord that holds nothing but the payloads, serialized. Undefined: there is none. */
  readonly payload: Uint8Array<ArrayBuffer> | undefined;
  readonly mirror: MirrorToWrite | undefined;
}

/** A mirror as it goes to a store. The first of its rows is the gateway span. */
interface MirrorToWrite {
  readonly spans: SpanBatch;
  /** Where the caller asked for it to be filed. Undefined: nowhere. */
  readonly experiment: ExperimentRef["ref"];
}

/** A record that `checkRecord` found nothing wrong with, as it goes to a store. Undefined: it has no full trace. */
export function recordToWriteOf(record: InvocationRecord, digest: Digest): RecordToWrite | undefined {
  const { full, payloads, mirror } = record;
  if (full?.resourceSpans === undefined) return undefined;
  const marked = {
    ...full.resourceSpans,
    scopeSpans: full.resourceSpans.scopeSpans.map((scope) => ({ ...scope, spans: markedSpansOf(scope.spans, record) })),
  };
  const batch = spanBatchOf(
    full.traceId.toString("hex"),
    [marked],
    (index) => (index === 0 ? "full-gateway" : "full-attempt"),
    digest,
  );
  return {
    full: { ...batch, rows: batch.rows.map((row) => withPreviews(row, payloads)) },
    experiment: full.experiment,
    metadata: full.metadata,
    payload: payloads.length === 0 ? undefined : payloadBytesOf(payloads),
    mirror: mirror && {
      spans: spanBatchOf(
        mirror.traceId.toString("hex"),
        [mirrorSpansOf(mirror)],
        (index) => (index === 0 ? "mirror-gateway" : "mirror-attempt"),
        digest,
      ),
      experiment: mirror.experiment?.ref,
    },
  };
}

/** The spans, each with what became of its payload: so that a reader who is not shown the payload knows it. */
function markedSpansOf(spans: readonly Span[], { payloads, payloadShed }: InvocationRecord): Span[] {
  return spans.map((span, index) => {
    const marks = attributesOf({
      "twinspan.payload.shed": (payloadShed && index === 0) || undefined,
      "twinspan.payload.truncated": payloadOf(span.spanId.toString("hex"), payloads)?.truncated || undefined,
    });
    return { ...span, attributes: [...span.attributes, ...marks] };
  });
}

function withPreviews(row: SpanRow, payloads: readonly SpanPayload[]): SpanRow {
  if (row.origin !== "full-gateway") return row;
  const payload = payloadOf(row.spanId, payloads);
  if (payload === undefined) return row;
  return {
    ...row,
    requestPreview: previewOfBytes(payload.inputs),
    responsePreview: previewOfBytes(payload.outputs),
  };
}

function payloadOf(spanId: string, payloads: readonly SpanPayload[]): SpanPayload | undefined {
  return payloads.find((payload) => payload.spanId.toString("hex") === spanId);
}

function payloadBytesOf(payloads: SpanPayload[]): Uint8Array<ArrayBuffer> {
  return InvocationRecord.encode({ full: undefined, payloads, mirror: undefined, payloadShed: false }).finish();
}
