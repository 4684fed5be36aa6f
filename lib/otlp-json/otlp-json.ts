import type {
  ExportTraceServiceRequest,
  ExportTraceServiceResponse,
} from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import type {
  AnyValue,
  EntityRef,
  InstrumentationScope,
  KeyValue,
} from "#proto/opentelemetry/proto/common/v1/common.ts";
import type { Resource } from "#proto/opentelemetry/proto/resource/v1/resource.ts";
import {
  type ResourceSpans,
  type ScopeSpans,
  type Span,
  type Span_Event,
  type Span_Link,
  Span_SpanKind,
  type Status,
  Status_StatusCode,
} from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { JsonObject } from "../json-value.ts";
import {
  base64Of,
  doubleOf,
  enumOf,
  flagOf,
  hexOf,
  int64Of,
  listOf,
  memberOf,
  objectOf,
  readingFields,
  requireDepth,
  textOf,
  textsOf,
  uint32Of,
  uint64Of,
} from "./otlp-json-fields.ts";
import { parseOtlpText } from "./parse-otlp-text.ts";

/** Values nested deeper than this are refused: the other side's decoder would. */
const VALUE_DEPTH_MAX = 30;

/**
 * Reads an OTLP/JSON export. It is not protobuf's JSON: ids are hex, names are lowerCamelCase only, and enums are
 * numbers; their names, which protobuf's own writers send, are taken too. Unknown members are ignored, null is absent,
 * 64-bit numbers may be text. Throws `invalid_request` with the path of the first member that is of the wrong kind, and
 * what `parseOtlpText` throws. Whether ids have the right length is for the trace-writer to say, span by span.
 */
export function parseOtlpJson(body: Buffer): ExportTraceServiceRequest {
  const root = parseOtlpText(body);
  return readingFields(() => ({
    resourceSpans: listOf(objectOf(root, "the body"), "resourceSpans", resourceSpansOf),
  }));
}

/** Writes the answer to an export as OTLP/JSON. */
export function formatOtlpJson({ partialSuccess }: ExportTraceServiceResponse): string {
  if (partialSuccess === undefined) return "{}";
  const { rejectedSpans, errorMessage } = partialSuccess;
  return JSON.stringify({ partialSuccess: { rejectedSpans: rejectedSpans.toString(), errorMessage } });
}

function resourceSpansOf(object: JsonObject): ResourceSpans {
  return {
    resource: memberOf(object, "resource", resourceOf),
    scopeSpans: listOf(object, "scopeSpans", scopeSpansOf),
    schemaUrl: textOf(object, "schemaUrl"),
  };
}

function resourceOf(object: JsonObject): Resource {
  return { ...attributesOf(object), entityRefs: listOf(object, "entityRefs", entityRefOf) };
}

function entityRefOf(object: JsonObject): EntityRef {
  return {
    schemaUrl: textOf(object, "schemaUrl"),
    type: textOf(object, "type"),
    idKeys: textsOf(object, "idKeys"),
    descriptionKeys: textsOf(object, "descriptionKeys"),
  };
}

function scopeSpansOf(object: JsonObject): ScopeSpans {
  return {
    scope: memberOf(object, "scope", scopeOf),
    spans: listOf(object, "spans", spanOf),
    schemaUrl: textOf(object, "schemaUrl"),
  };
}

function scopeOf(object: JsonObject): InstrumentationScope {
  return { name: textOf(object, "name"), version: textOf(object, "version"), ...attributesOf(object) };
}

function spanOf(object: JsonObject): Span {
  return {
    traceId: hexOf(object, "traceId"),
    spanId: hexOf(object, "spanId"),
    traceState: textOf(object, "traceState"),
    parentSpanId: hexOf(object, "parentSpanId"),
    flags: uint32Of(object, "flags"),
    name: textOf(object, "name"),
    kind: enumOf(object, "kind", Span_SpanKind, Span_SpanKind.SPAN_KIND_UNSPECIFIED),
    startTimeUnixNano: uint64Of(object, "startTimeUnixNano"),
    endTimeUnixNano: uint64Of(object, "endTimeUnixNano"),
    ...attributesOf(object),
    events: listOf(object, "events", eventOf),
    droppedEventsCount: uint32Of(object, "droppedEventsCount"),
    links: listOf(object, "links", linkOf),
    droppedLinksCount: uint32Of(object, "droppedLinksCount"),
    status: memberOf(object, "status", statusOf),
  };
}

function eventOf(object: JsonObject): Span_Event {
  return { timeUnixNano: uint64Of(object, "timeUnixNano"), name: textOf(object, "name"), ...attributesOf(object) };
}

function linkOf(object: JsonObject): Span_Link {
  return {
    traceId: hexOf(object, "traceId"),
    spanId: hexOf(object, "spanId"),
    traceState: textOf(object, "traceState"),
    ...attributesOf(object),
    flags: uint32Of(object, "flags"),
  };
}

function statusOf(object: JsonObject): Status {
  return {
    message: textOf(object, "message"),
    code: enumOf(object, "code", Status_StatusCode, Status_StatusCode.STATUS_CODE_UNSET),
  };
}

function attributesOf(object: JsonObject): { attributes: KeyValue[]; droppedAttributesCount: number } {
  return {
    attributes: listOf(object, "attributes", (item) => keyValueOf(item, 1)),
    droppedAttributesCount: uint32Of(object, "droppedAttributesCount"),
  };
}

function keyValueOf(object: JsonObject, depth: number): KeyValue {
  return { key: textOf(object, "key"), value: memberOf(object, "value", (value) => anyValueOf(value, depth)) };
}

function anyValueOf(object: JsonObject, depth: number): AnyValue {
  requireDepth(depth, VALUE_DEPTH_MAX);
  const has = (name: string) => (object[name] ?? undefined) !== undefined;
  if (has("stringValue")) return { value: { $case: "stringValue", value: textOf(object, "stringValue") } };
  if (has("intValue")) return { value: { $case: "intValue", value: int64Of(object, "intValue") } };
  if (has("boolValue")) return { value: { $case: "boolValue", value: flagOf(object, "boolValue") } };
  if (has("doubleValue")) return { value: { $case: "doubleValue", value: doubleOf(object, "doubleValue") } };
  if (has("bytesValue")) return { value: { $case: "bytesValue", value: base64Of(object, "bytesValue") } };
  const arrayValue = memberOf(object, "arrayValue", (list) => ({
    values: listOf(list, "values", (item) => anyValueOf(item, depth + 1)),
  }));
  if (arrayValue !== undefined) return { value: { $case: "arrayValue", value: arrayValue } };
  const kvlistValue = memberOf(object, "kvlistValue", (list) => ({
    values: listOf(list, "values", (item) => keyValueOf(item, depth + 1)),
  }));
  if (kvlistValue !== undefined) return { value: { $case: "kvlistValue", value: kvlistValue } };
  return { value: undefined };
}
