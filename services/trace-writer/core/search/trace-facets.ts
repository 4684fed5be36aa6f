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
  const endpoints = new Set<string>();
  const models = new Set<string>();
  const providers = new Set<string>();
  for (const { endpoint, llm, requestModel, responseModel, provider } of rows) {
    if (endpoint !== undefined) endpoints.add(endpoint);
    if (llm && requestModel !== undefined) models.add(requestModel);
    if (llm && responseModel !== undefined) models.add(responseModel);
    if (provider !== undefined) providers.add(provider);
  }
  const facets: Facet[] = [];
  addValues(facets, "endpoint", endpoints);
  addValues(facets, "model", models);
  addValues(facets, "provider", providers);
  const said: Facet[] = [];
  for (const key of Object.keys(metadata)) {
    if (!OF_ITS_OWN.has(key)) addSaid(said, NAMED.get(key) ?? `metadata.${key}`, metadata[key]);
  }
  for (const key of Object.keys(tags)) if (!KNOWN_OTHERWISE.has(key)) addSaid(said, `tag.${key}`, tags[key]);
  said.sort((a, b) => (a.name < b.name ? -1 : 1));
  return [...facets, ...said];
}

function addValues(facets: Facet[], name: FacetName, values: ReadonlySet<string>): void {
  const sorted = values.size > 1 ? [...values].sort().slice(0, VALUES_MAX) : values;
  for (const value of sorted) facets.push({ name, value });
}

function addSaid(facets: Facet[], name: string, value: string | undefined): void {
  if (value !== undefined && value !== "") facets.push({ name, value });
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
