import type { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import type { SpanRow } from "../spans/span-row.ts";
import type { FacetName, Subject } from "./filter.ts";

/** A value that traces are looked up by, and what it is a value of: a {@link FacetName}, `metadata.<key>` or `tag.<key>`. */
export interface Facet {
  readonly name: string;
  readonly value: string;
}

/** Of endpoints, models and providers a trace is found by so many each, the first in alphabetical order. */
const VALUES_MAX = 20;
/** What every trace has, or has of its own: nobody looks traces up by it. It is read from the trace itself. */
const OF_ITS_OWN = new Set([
  "mlflow.trace_schema.version",
  "mlflow.trace.tokenUsage",
  "mlflow.trace.cost",
  "mlflow.trace.sizeStats",
  "mlflow.trace.sizeBytes",
  "mlflow.traceInputs",
  "mlflow.traceOutputs",
  "twinspan.usage.estimated",
  "twinspan.cost.price_version",
]);
/** Tags that say what is known otherwise. */
const KNOWN_OTHERWISE = new Set(["mlflow.traceName", "mlflow.trace.spansLocation"]);
/** Metadata that is a facet of its own name. */
const NAMED: ReadonlyMap<string, FacetName> = new Map([
  ["mlflow.gateway.caller", "caller"],
  ["mlflow.trace.session", "session"],
  ["mlflow.trace.user", "user"],
]);

/** What a trace is looked up by, from the set of its rows and what is said of it. Ordered, and each once. */
export function facetsOf(
  rows: readonly SpanRow[],
  { metadata, tags }: Pick<TraceInfo, "metadata" | "tags">,
): readonly Facet[] {
  const some = (name: FacetName, valuesOf: (row: SpanRow) => readonly (string | undefined)[]) => {
    const values = new Set(rows.flatMap((row) => valuesOf(row).filter((value) => value !== undefined)));
    return [...values]
      .toSorted()
      .slice(0, VALUES_MAX)
      .map((value) => ({ name, value }));
  };
  const said = Object.entries(metadata).flatMap(([key, value]) =>
    OF_ITS_OWN.has(key) || value === "" ? [] : [{ name: NAMED.get(key) ?? `metadata.${key}`, value }],
  );
  const tagged = Object.entries(tags).flatMap(([key, value]) =>
    KNOWN_OTHERWISE.has(key) || value === "" ? [] : [{ name: `tag.${key}`, value }],
  );
  return [
    ...some("endpoint", ({ endpoint }) => [endpoint]),
    ...some("model", ({ llm, requestModel, responseModel }) => (llm ? [requestModel, responseModel] : [])),
    ...some("provider", ({ provider }) => [provider]),
    ...[...said, ...tagged].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  ];
}

/** The name of the facet that a filter asks of. Undefined: what it asks of is none. */
export function facetNameOf(subject: Subject): string | undefined {
  switch (subject.of) {
    case "facet":
      return subject.facet;
    case "metadata":
      return OF_ITS_OWN.has(subject.key) ? undefined : `metadata.${subject.key}`;
    case "tag":
      return KNOWN_OTHERWISE.has(subject.key) ? undefined : `tag.${subject.key}`;
    default:
      return undefined;
  }
}
