import type { AnyValue, InstrumentationScope, KeyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";
import type { Resource } from "#proto/opentelemetry/proto/resource/v1/resource.ts";
import type {
  ResourceSpans,
  ScopeSpans,
  Span,
  Span_Event,
  Span_Link,
  Status,
} from "#proto/opentelemetry/proto/trace/v1/trace.ts";

/**
 * Spans as OTLP/JSON on one line without a line break, an ExportTraceServiceRequest (and a TracesData), as a line of an
 * OTLP file is. Ids are hex in lower case, 64-bit numbers are text, enums are numbers, and what has its default is left
 * out. `parseOtlpJson` reads the same spans from it.
 */
export function formatOtlpSpans(resourceSpans: readonly ResourceSpans[]): string {
  return JSON.stringify({ resourceSpans: resourceSpans.map(resourceSpansJson) });
}

function resourceSpansJson({ resource, scopeSpans, schemaUrl }: ResourceSpans): object {
  return {
    resource: resource && resourceJson(resource),
    scopeSpans: scopeSpans.map(scopeSpansJson),
    schemaUrl: textJson(schemaUrl),
  };
}

function resourceJson({ attributes, droppedAttributesCount, entityRefs }: Resource): object {
  return {
    ...attributesJson({ attributes, droppedAttributesCount }),
    entityRefs: listJson(
      entityRefs.map(({ schemaUrl, type, idKeys, descriptionKeys }) => ({
        schemaUrl: textJson(schemaUrl),
        type: textJson(type),
        idKeys: listJson(idKeys),
        descriptionKeys: listJson(descriptionKeys),
      })),
    ),
  };
}

function scopeSpansJson({ scope, spans, schemaUrl }: ScopeSpans): object {
  return { scope: scope && scopeJson(scope), spans: spans.map(spanJson), schemaUrl: textJson(schemaUrl) };
}

function scopeJson({ name, version, ...described }: InstrumentationScope): object {
  return { name: textJson(name), version: textJson(version), ...attributesJson(described) };
}

function spanJson(span: Span): object {
  return {
    traceId: span.traceId.toString("hex"),
    spanId: span.spanId.toString("hex"),
    traceState: textJson(span.traceState),
    parentSpanId: textJson(span.parentSpanId.toString("hex")),
    flags: numberJson(span.flags),
    name: textJson(span.name),
    kind: numberJson(span.kind),
    startTimeUnixNano: span.startTimeUnixNano.toString(),
    endTimeUnixNano: span.endTimeUnixNano.toString(),
    ...attributesJson(span),
    events: listJson(span.events.map(eventJson)),
    droppedEventsCount: numberJson(span.droppedEventsCount),
    links: listJson(span.links.map(linkJson)),
    droppedLinksCount: numberJson(span.droppedLinksCount),
    status: span.status && statusJson(span.status),
  };
}

function eventJson({ timeUnixNano, name, ...described }: Span_Event): object {
  return { timeUnixNano: timeUnixNano.toString(), name: textJson(name), ...attributesJson(described) };
}

function linkJson({ traceId, spanId, traceState, flags, ...described }: Span_Link): object {
  return {
    traceId: traceId.toString("hex"),
    spanId: spanId.toString("hex"),
    traceState: textJson(traceState),
    ...attributesJson(described),
    flags: numberJson(flags),
  };
}

function statusJson({ message, code }: Status): object {
  return { message: textJson(message), code: numberJson(code) };
}

function attributesJson({
  attributes,
  droppedAttributesCount,
}: {
  readonly attributes: readonly KeyValue[];
  readonly droppedAttributesCount: number;
}): object {
  return {
    attributes: listJson(attributes.map(keyValueJson)),
    droppedAttributesCount: numberJson(droppedAttributesCount),
  };
}

function keyValueJson({ key, value }: KeyValue): object {
  return { key, value: value && anyValueJson(value) };
}

function anyValueJson({ value }: AnyValue): object {
  switch (value?.$case) {
    case undefined:
      return {};
    case "stringValue":
      return { stringValue: value.value };
    case "boolValue":
      return { boolValue: value.value };
    case "intValue":
      return { intValue: value.value.toString() };
    case "doubleValue":
      return { doubleValue: Number.isFinite(value.value) ? value.value : String(value.value) };
    case "arrayValue":
      return { arrayValue: { values: value.value.values.map(anyValueJson) } };
    case "kvlistValue":
      return { kvlistValue: { values: value.value.values.map(keyValueJson) } };
    case "bytesValue":
      return { bytesValue: value.value.toString("base64") };
  }
}

/** Undefined is left out by JSON. */
function textJson(text: string): string | undefined {
  return text === "" ? undefined : text;
}

function numberJson(number: number): number | undefined {
  return number === 0 ? undefined : number;
}

function listJson<Item>(list: readonly Item[]): readonly Item[] | undefined {
  return list.length === 0 ? undefined : list;
}
