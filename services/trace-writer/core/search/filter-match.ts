import { parseTraceName } from "#lib/ids.ts";
import { spanTypeOf } from "#lib/spans/meanings.ts";
import { readAttributes } from "#lib/spans/read-attributes.ts";
import type { AnyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";
import { type Span, Status_StatusCode } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import type { Comparison, Condition, Filter, Subject, TextTest, TimeField } from "./filter.ts";
import { isLike } from "./like.ts";
import { type Facet, facetNameOf } from "./trace-facets.ts";

/** A trace as a filter sees it. */
export interface SearchedTrace {
  readonly info: TraceInfo;
  readonly facets: readonly Facet[];
  /** What lists show of its payload, read when a condition asks for it. Undefined: `info` has it. */
  readonly previews?: () => Pick<TraceInfo, "requestPreview" | "responsePreview">;
  /** Its spans as they are stored, without the payload of full traces. They are read when a condition asks for them. */
  spans(): readonly Span[];
}

/**
 * Whether a trace passes a filter. This is what every store's search means; what a store looks up in an index must come
 * to the same. A comparison with what is not there is false.
 */
export function matches(filter: Filter, trace: SearchedTrace): boolean {
  switch (filter.kind) {
    case "and":
      return filter.parts.every((part) => matches(part, trace));
    case "or":
      return filter.parts.some((part) => matches(part, trace));
    case "not":
      return !matches(filter.part, trace);
    default:
      return passes(filter, trace);
  }
}

function passes(condition: Condition, trace: SearchedTrace): boolean {
  switch (condition.kind) {
    case "time": {
      const { from, to } = condition;
      const nanos = timeOf(trace.info, condition.field);
      return (from === undefined || from <= nanos) && (to === undefined || nanos < to);
    }
    case "state":
      return trace.info.state === condition.state;
    case "text":
      return textsOf(trace, condition.subject).some((text) => passesTest(text, condition.test));
    case "number":
      return valuesOf(trace, condition.key).some((value) =>
        passesComparison(value, condition.comparison, condition.value),
      );
  }
}

function timeOf({ startTimeUnixNano, durationNanos }: TraceInfo, field: TimeField): bigint {
  switch (field) {
    case "start":
      return startTimeUnixNano;
    case "duration":
      return durationNanos;
    case "end":
      return startTimeUnixNano + durationNanos;
  }
}

/** The values of what is asked of. Empty ones are none. */
function textsOf(trace: SearchedTrace, subject: Subject): readonly string[] {
  const { info, facets } = trace;
  const name = facetNameOf(subject);
  if (name !== undefined) return facets.filter((facet) => facet.name === name).map(({ value }) => value);
  switch (subject.of) {
    case "trace":
      return traceTextsOf(trace, subject.field);
    case "metadata":
      return present(info.metadata[subject.key]);
    case "tag":
      return present(info.tags[subject.key]);
    case "span":
      return trace.spans().flatMap((span) => present(spanTextOf(span, subject.field)));
    case "span attribute":
      return valuesOf(trace, subject.key).flatMap((value) => present(textOf(value)));
    case "facet":
      return [];
  }
}

function traceTextsOf(
  { info, previews = () => info }: SearchedTrace,
  field: "id" | "name" | "text" | "client request",
): readonly string[] {
  switch (field) {
    case "client request":
      return present(info.clientRequestId);
    case "id":
      return [info.traceId, ...present(parseTraceName(info.traceId))];
    case "name":
      return present(info.name);
    case "text": {
      const { requestPreview, responsePreview } = previews();
      return [...present(requestPreview), ...present(responsePreview)];
    }
  }
}

function spanTextOf(span: Span, field: "name" | "type" | "status"): string | undefined {
  switch (field) {
    case "name":
      return span.name;
    case "type":
      return spanTypeOf(readAttributes(span.attributes));
    case "status":
      return statusWordOf(span);
  }
}

function statusWordOf({ status }: Span): string {
  switch (status?.code) {
    case Status_StatusCode.STATUS_CODE_OK:
      return "OK";
    case Status_StatusCode.STATUS_CODE_ERROR:
      return "ERROR";
    default:
      return "UNSET";
  }
}

function valuesOf(trace: SearchedTrace, key: string): readonly AnyValue[] {
  return trace.spans().flatMap(({ attributes }) => readAttributes(attributes).get(key) ?? []);
}

/** A value as text; a list of texts is as JSON. Undefined: it has parts of other kinds, which are not searched. */
function textOf({ value }: AnyValue): string | undefined {
  switch (value?.$case) {
    case "stringValue":
      return value.value;
    case "intValue":
    case "doubleValue":
    case "boolValue":
      return value.value.toString();
    case "arrayValue":
      return JSON.stringify(value.value.values.map((item) => textOf(item) ?? null));
    default:
      return undefined;
  }
}

function passesTest(text: string, test: TextTest): boolean {
  switch (test.is) {
    case "there":
      return true;
    case "equal":
      return text === test.value;
    case "like":
      return isLike(text, test.pattern, test.ignoresCase);
  }
}

/** Numbers that came as text, as MLflow's SDK sends them, are numbers here too. */
function passesComparison({ value }: AnyValue, comparison: Comparison, wanted: number): boolean {
  const number = numberOf(value);
  switch (comparison) {
    case "=":
      return number === wanted;
    case "<":
      return number < wanted;
    case "<=":
      return number <= wanted;
    case ">":
      return number > wanted;
    case ">=":
      return number >= wanted;
  }
}

function numberOf(value: AnyValue["value"]): number {
  switch (value?.$case) {
    case "intValue":
    case "doubleValue":
      return Number(value.value);
    case "stringValue":
      return value.value.trim() === "" ? Number.NaN : Number(value.value);
    default:
      return Number.NaN;
  }
}

function present(text: string | undefined): readonly string[] {
  return text === undefined || text === "" ? [] : [text];
}
