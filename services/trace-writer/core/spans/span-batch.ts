import { type BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { PayloadMeaning } from "#lib/spans/conventions.ts";
import { payloadOf, saidOf } from "#lib/spans/meanings.ts";
import { type Attributes, readAttributes, textOf } from "#lib/spans/read-attributes.ts";
import { textOfValue } from "#lib/spans/value-text.ts";
import { serialize } from "#lib/wire/serialize.ts";
import { ResourceSpans, ScopeSpans, Span, Status_StatusCode } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { previewOf } from "./preview.ts";
import type { SpanBatch, SpanOrigin, SpanRow } from "./span-row.ts";
import { costOfAttributes, isModelCall, usageOfAttributes } from "./span-usage.ts";

/** Digests bytes into 32 hex digits. Handed in, so that this stays free of any library. */
export type Digest = (bytes: Uint8Array) => string;

const TEXT_MAX = 250;
const SECONDS_MAX = 86_400;
/** Names beyond this are cut in the index; the span itself keeps its whole name. */
const NAME_MAX = 1000;

/** An agent's spans of one trace as they go to a store. */
export function spanBatchOf(traceId: string, resourceSpans: readonly ResourceSpans[], digest: Digest): SpanBatch {
  const rows: SpanRow[] = [];
  const resources = resourceSpans.map((resource): SerializedResource => {
    const resourceBytes = serialize(ResourceSpans, { ...resource, scopeSpans: [] });
    const scopes = resource.scopeSpans.map((scope) => {
      const scopeBytes = serialize(ScopeSpans, { ...scope, spans: [] });
      const group = Buffer.from(digest(Buffer.concat([resourceBytes, scopeBytes])));
      const spans = scope.spans.map((span) => {
        // The digest of a span as sent. Its resource and scope come as a digest: they may be large, and are there once.
        const bytes = serialize(SPAN_OF_GROUP, { group, span });
        rows.push(spanRowOf(span, "agent", digest(bytes)));
        return bytes.subarray(group.length);
      });
      return { bytes: scopeBytes, spans };
    });
    return { bytes: resourceBytes, scopes };
  });
  return { traceId, rows, bytes: serialize(EXPORT_OF_PARTS, resources) };
}

const SPAN_OF_GROUP = {
  encode: ({ group, span }: { readonly group: Uint8Array; readonly span: Span }, writer: BinaryWriter) =>
    Span.encode(span, writer.raw(group)),
};

/** A serialized ResourceSpans without its scopes, and those without their spans. */
interface SerializedResource {
  readonly bytes: Uint8Array;
  readonly scopes: readonly { readonly bytes: Uint8Array; readonly spans: readonly Uint8Array[] }[];
}

/** An ExportTraceServiceRequest of parts that are serialized already: a message may have its fields in any order. */
const EXPORT_OF_PARTS = {
  encode(resources: readonly SerializedResource[], writer: BinaryWriter) {
    for (const resource of resources) {
      writer.tag(1, WireType.LengthDelimited).fork().raw(resource.bytes);
      for (const scope of resource.scopes) {
        writer.tag(2, WireType.LengthDelimited).fork().raw(scope.bytes);
        for (const span of scope.spans) writer.tag(2, WireType.LengthDelimited).bytes(span);
        writer.join();
      }
      writer.join();
    }
    return writer;
  },
};

/** The row of a span, from its attributes. */
export function spanRowOf(span: Span, origin: SpanOrigin, contentHash: string): SpanRow {
  const attributes = readAttributes(span.attributes);
  const usage = usageOfAttributes(attributes);
  const llm = isModelCall(attributes, usage);
  const isRoot = span.parentSpanId.length === 0 || isZero(span.parentSpanId);
  const isAgentRoot = isRoot && origin === "agent";
  return {
    spanId: span.spanId.toString("hex"),
    parentId: isRoot ? undefined : span.parentSpanId.toString("hex"),
    origin,
    startNs: span.startTimeUnixNano,
    endNs: span.endTimeUnixNano,
    failed: span.status?.code === Status_StatusCode.STATUS_CODE_ERROR,
    name: span.name.slice(0, NAME_MAX),
    llm,
    endpoint:
      origin === "full-gateway" || origin === "mirror-gateway"
        ? shortOf(textOf(attributes, "endpoint_name"))
        : undefined,
    provider: llm ? shortOf(saidOf(attributes, "provider")) : undefined,
    requestModel: shortOf(saidOf(attributes, "requestModel")),
    responseModel: shortOf(saidOf(attributes, "responseModel")),
    responseId: shortOf(saidOf(attributes, "responseId")),
    usage: llm || origin === "mirror-gateway" ? usage : undefined,
    cost: llm || origin === "mirror-gateway" ? costOfAttributes(attributes) : undefined,
    firstTokenNs: firstTokenNsOf(attributes),
    session: shortOf(saidOf(attributes, "session")),
    user: shortOf(saidOf(attributes, "user")),
    requestPreview: isAgentRoot ? previewOfPayload(span, "inputs") : "",
    responsePreview: isAgentRoot ? previewOfPayload(span, "outputs") : "",
    contentHash,
  };
}

function previewOfPayload(span: Span, meaning: PayloadMeaning): string {
  const payload = payloadOf(span, meaning);
  return payload === undefined ? "" : previewOf(textOfValue(payload));
}

/** From a span's attribute in seconds. What is no time within a day is none. */
function firstTokenNsOf(attributes: Attributes): bigint | undefined {
  const value = attributes.get("gen_ai.response.time_to_first_chunk")?.value;
  if (value?.$case !== "doubleValue" && value?.$case !== "intValue") return undefined;
  const seconds = Number(value.value);
  return seconds >= 0 && seconds <= SECONDS_MAX ? BigInt(Math.round(seconds * 1e9)) : undefined;
}

/** Some exporters write a root's parent as eight zeros. */
function isZero(id: Buffer): boolean {
  return id.every((byte) => byte === 0);
}

/** A text that is too long to be an id or a name is none. */
function shortOf(text: string | undefined): string | undefined {
  return text !== undefined && text.length <= TEXT_MAX ? text : undefined;
}
