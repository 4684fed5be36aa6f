/** A field of the filter language, as it is offered while one writes. */
export interface FilterField {
  /** As it is written. One that ends in a dot wants a key. */
  readonly name: string;
  /** What it is, in a few words. */
  readonly says: string;
  readonly operators: readonly string[];
  /** All that it can be. Absent: anything. */
  readonly values?: readonly string[];
}

const EQUAL = ["=", "!="];
const ORDER = [">", ">=", "<", "<="];
const TEXT = ["=", "!=", "LIKE", "ILIKE", "IN", "IS NULL", "IS NOT NULL"];
const SEARCH = ["ILIKE", "LIKE"];

/** The fields, those that are asked for most first. A test holds each to the language as the store reads it. */
export const FILTER_FIELDS: readonly FilterField[] = [
  { name: "status", says: "how it ended", operators: EQUAL, values: ["OK", "ERROR", "IN_PROGRESS"] },
  { name: "duration", says: "milliseconds", operators: [...ORDER, ...EQUAL] },
  { name: "endpoint", says: "of its calls", operators: TEXT },
  { name: "model", says: "asked for, or that answered", operators: TEXT },
  { name: "provider", says: "of its calls", operators: TEXT },
  { name: "caller", says: "the program that called", operators: TEXT },
  { name: "user", says: "whom it was for", operators: TEXT },
  { name: "session", says: "which it belongs to", operators: TEXT },
  { name: "name", says: "of the trace", operators: TEXT },
  { name: "text", says: "in the previews of request and answer", operators: SEARCH },
  { name: "span.name", says: "of a span within", operators: TEXT },
  { name: "span.type", says: "LLM, TOOL, AGENT, …", operators: TEXT },
  { name: "span.status", says: "of a span within", operators: EQUAL, values: ["OK", "ERROR", "UNSET"] },
  { name: "tags.", says: "a tag, by its key", operators: TEXT },
  { name: "metadata.", says: "metadata, by its key", operators: TEXT },
  { name: "span.attributes.", says: "an attribute of a span", operators: [...TEXT, ...ORDER] },
  { name: "timestamp", says: "its start, a date or milliseconds", operators: ORDER },
  { name: "end_time", says: "its end", operators: ORDER },
  { name: "trace_id", says: "tr-…", operators: EQUAL },
  { name: "run_id", says: "the run that it belongs to", operators: TEXT },
  { name: "client_request_id", says: "the agent's own name for it", operators: TEXT },
];

/** The field that is written there, in whatever case. Undefined: none. */
export function filterFieldNamed(path: string): FilterField | undefined {
  const lower = path.toLowerCase();
  return FILTER_FIELDS.find(({ name }) =>
    name.endsWith(".") ? lower.startsWith(name) && lower.length > name.length : lower === name,
  );
}
