import type { ResourceSpans, Span, Span_Event, Span_Link, Status } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { Span_SpanKind, Status_StatusCode } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { withMlflowValues } from "./json-any-value.ts";
import { mlflowAttributesOf } from "./mlflow-attributes.ts";
import { keyValuesJson, namesOfEnum } from "./proto-json.ts";

const KINDS = namesOfEnum(Span_SpanKind);
const STATUS_CODES = namesOfEnum(Status_StatusCode);

/** The spans of a trace as MLflow reads them: OTLP spans in protobuf's JSON, by start, then by id, without resources. */
export function spansJson(groups: readonly ResourceSpans[]): readonly object[] {
  return spansOf(groups).map(spanJson);
}

/** The spans of a trace, by start, then by id. */
export function spansOf(groups: readonly ResourceSpans[]): readonly Span[] {
  return groups.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)).sort(byStart);
}

function byStart(left: Span, right: Span): number {
  if (left.startTimeUnixNano !== right.startTimeUnixNano) {
    return left.startTimeUnixNano < right.startTimeUnixNano ? -1 : 1;
  }
  return Buffer.compare(left.spanId, right.spanId);
}

function spanJson(span: Span): object {
  return {
    trace_id: span.traceId.toString("base64"),
    span_id: span.spanId.toString("base64"),
    ...(span.traceState === "" ? {} : { trace_state: span.traceState }),
    ...(span.parentSpanId.length === 0 ? {} : { parent_span_id: span.parentSpanId.toString("base64") }),
    ...(span.flags === 0 ? {} : { flags: span.flags }),
    name: span.name,
    kind: KINDS.get(span.kind) ?? "SPAN_KIND_UNSPECIFIED",
    start_time_unix_nano: span.startTimeUnixNano.toString(),
    end_time_unix_nano: span.endTimeUnixNano.toString(),
    attributes: keyValuesJson(withMlflowValues(mlflowAttributesOf(span))),
    ...countJson("dropped_attributes_count", span.droppedAttributesCount),
    events: span.events.map(eventJson),
    ...countJson("dropped_events_count", span.droppedEventsCount),
    links: span.links.map(linkJson),
    ...countJson("dropped_links_count", span.droppedLinksCount),
    status: statusJson(span.status),
  };
}

function eventJson(event: Span_Event): object {
  return {
    time_unix_nano: event.timeUnixNano.toString(),
    name: event.name,
    attributes: keyValuesJson(event.attributes),
    ...countJson("dropped_attributes_count", event.droppedAttributesCount),
  };
}

function linkJson(link: Span_Link): object {
  return {
    trace_id: link.traceId.toString("base64"),
    span_id: link.spanId.toString("base64"),
    ...(link.traceState === "" ? {} : { trace_state: link.traceState }),
    attributes: keyValuesJson(link.attributes),
    ...countJson("dropped_attributes_count", link.droppedAttributesCount),
    ...(link.flags === 0 ? {} : { flags: link.flags }),
  };
}

function statusJson(status: Status | undefined): object {
  const code = STATUS_CODES.get(status?.code ?? Status_StatusCode.STATUS_CODE_UNSET) ?? "STATUS_CODE_UNSET";
  return status === undefined || status.message === "" ? { code } : { code, message: status.message };
}

function countJson(name: string, count: number): object {
  return count === 0 ? {} : { [name]: count };
}
