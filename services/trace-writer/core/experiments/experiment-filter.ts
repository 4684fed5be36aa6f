import { invalidField } from "#lib/service-error.ts";
import { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import type { Filter } from "../search/filter.ts";
import { matches } from "../search/filter-match.ts";
import { parseFilter } from "../search/filter-parser.ts";

/** Tells experiments apart by their names. */
export type ExperimentFilter = (name: string) => boolean;

const NO_TRACE = TraceInfo.decode(new Uint8Array());

/**
 * Reads a filter of experiments: one of traces that asks of nothing but the name, so that both mean the same by it. Any
 * other is `invalid_request`. Undefined: it is empty.
 */
export function parseExperimentFilter(text: string): ExperimentFilter | undefined {
  const filter = parseFilter(text);
  if (filter === undefined) return undefined;
  if (!asksOfNames(filter)) {
    throw invalidField("filter", "experiments are found by name only: name LIKE 'a%'");
  }
  return (name) => matches(filter, { info: { ...NO_TRACE, name }, facets: [], spans: () => [] });
}

function asksOfNames(filter: Filter): boolean {
  switch (filter.kind) {
    case "and":
    case "or":
      return filter.parts.every(asksOfNames);
    case "not":
      return asksOfNames(filter.part);
    case "text":
      return filter.subject.of === "trace" && filter.subject.field === "name";
    default:
      return false;
  }
}
