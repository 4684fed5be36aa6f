import type { AnyValue, KeyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { Status_StatusCode } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { Trace } from "#proto/twinspan/trace/v1/trace.ts";
import { withMlflowValues } from "./json-any-value.ts";
import { spansOf } from "./mlflow-span.ts";
import { namesOfEnum } from "./proto-json.ts";

const STATUS_CODES = namesOfEnum(Status_StatusCode);

/** The spans of a trace as MLflow's file `traces.json` has them: attributes by key, each value as JSON text. */
export function artifactJson({ info, resourceSpans }: Trace): object {
  const traceName = info?.traceId ?? "";
  return { spans: spansOf(resourceSpans).map((span) => spanJson(span, traceName)) };
}

function spanJson(span: Span, traceName: string): object {
  return {
    trace_id: span.traceId.toString("base64"),
    span_id: span.spanId.toString("base64"),
    parent_span_id: span.parentSpanId.length === 0 ? null : span.parentSpanId.toString("base64"),
    name: span.name,
    start_time_unix_nano: span.startTimeUnixNano.toString(),
    end_time_unix_nano: span.endTimeUnixNano.toString(),
    events: span.events.map(({ name, timeUnixNano, attributes }) => ({
      name,
      time_unix_nano: timeUnixNano.toString(),
      attributes: textsOf(attributes),
    })),
    status: {
      code: STATUS_CODES.get(span.status?.code ?? Status_StatusCode.STATUS_CODE_UNSET) ?? "STATUS_CODE_UNSET",
      message: span.status?.message ?? "",
    },
    attributes: { ...textsOf(withMlflowValues(span.attributes)), "mlflow.traceRequestId": JSON.stringify(traceName) },
    links: span.links.map((link) => ({
      trace_id: `tr-${link.traceId.toString("hex")}`,
      span_id: link.spanId.toString("hex"),
      attributes: textsOf(link.attributes),
    })),
  };
}

function textsOf(attributes: readonly KeyValue[]): object {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, jsonTextOf(value)]));
}

/** A value as JSON text. Integers keep all their digits. */
function jsonTextOf(any: AnyValue | undefined): string {
  const value = any?.value;
  switch (value?.$case) {
    case undefined:
      return "null";
    case "stringValue":
    case "boolValue":
      return JSON.stringify(value.value);
    case "intValue":
      return value.value.toString();
    case "doubleValue":
      return Number.isFinite(value.value) ? String(value.value) : JSON.stringify(String(value.value));
    case "arrayValue":
      return `[${value.value.values.map(jsonTextOf).join(",")}]`;
    case "kvlistValue":
      return `{${value.value.values.map((item) => `${JSON.stringify(item.key)}:${jsonTextOf(item.value)}`).join(",")}}`;
    case "bytesValue":
      return JSON.stringify(value.value.toString("base64"));
  }
}
