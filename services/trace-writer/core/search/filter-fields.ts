import type { FacetName, Subject, TimeField } from "./filter.ts";

/** What a filter's field is: a time, the state, or a text. */
export type Field =
  | { readonly type: "time"; readonly field: TimeField }
  | { readonly type: "state" }
  | { readonly type: "text"; readonly subject: Subject };

/** MLflow's names for the fields of a trace, and ours; `trace.` and `attributes.` may stand before each. */
const TRACE_FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ...named({ type: "state" }, "status", "state"),
  ...named(
    { type: "time", field: "start" },
    "timestamp",
    "timestamp_ms",
    "start_time",
    "start_time_ms",
    "request_time",
  ),
  ...named({ type: "time", field: "end" }, "end_time", "end_time_ms"),
  ...named(
    { type: "time", field: "duration" },
    "duration",
    "duration_ms",
    "execution_time",
    "execution_time_ms",
    "execution_duration",
  ),
  ...named(text({ of: "trace", field: "name" }), "name", "trace_name"),
  ...named(text({ of: "trace", field: "id" }), "trace_id", "request_id"),
  ...named(text({ of: "trace", field: "text" }), "text"),
  ...named(facet("endpoint"), "endpoint"),
  ...named(facet("model"), "model"),
  ...named(facet("provider"), "provider"),
  ...named(facet("caller"), "caller"),
  ...named(facet("session"), "session", "session_id"),
  ...named(facet("user"), "user", "user_id"),
  ...named(text({ of: "metadata", key: "mlflow.sourceRun" }), "run_id"),
  ...named(text({ of: "trace", field: "client request" }), "client_request_id"),
]);

/** Metadata that is looked up as a facet, whichever way it is asked for. */
const FACETS_IN_METADATA: ReadonlyMap<string, FacetName> = new Map([
  ["mlflow.gateway.caller", "caller"],
  ["mlflow.trace.session", "session"],
  ["mlflow.trace.user", "user"],
]);

/** The fields in words, for who named one that is none. */
export const FIELDS_IN_WORDS =
  "status, timestamp, end_time, duration (all times in ms), name, trace_id, text, endpoint, model, provider, caller, session, user, run_id, tags.<key>, metadata.<key>, span.name, span.type, span.status, span.attributes.<key>";

/** The field that a path names, in whatever case its first words are. Undefined: there is none of that name. */
export function fieldOf(path: string): Field | undefined {
  const dot = path.indexOf(".");
  const head = (dot === -1 ? path : path.slice(0, dot)).toLowerCase();
  const rest = dot === -1 ? "" : path.slice(dot + 1);
  if (dot === -1) return TRACE_FIELDS.get(head);
  if (rest === "") return undefined;
  switch (head) {
    case "trace":
    case "attribute":
    case "attributes":
      return TRACE_FIELDS.get(rest.toLowerCase()) ?? (head === "trace" ? fieldOf(rest) : undefined);
    case "tag":
    case "tags":
      return text({ of: "tag", key: rest });
    case "metadata":
    case "request_metadata":
    case "trace_metadata": {
      const name = FACETS_IN_METADATA.get(rest);
      return name === undefined ? text({ of: "metadata", key: rest }) : facet(name);
    }
    case "span":
    case "spans":
      return spanFieldOf(rest);
    default:
      return undefined;
  }
}

function spanFieldOf(path: string): Field | undefined {
  const [head = "", ...keys] = path.split(".");
  const key = keys.join(".");
  switch (head.toLowerCase()) {
    case "name":
    case "type":
    case "status":
      return key === "" ? text({ of: "span", field: spanWordOf(head) }) : undefined;
    case "attribute":
    case "attributes":
      return key === "" ? undefined : text({ of: "span attribute", key });
    default:
      return undefined;
  }
}

function spanWordOf(head: string): "name" | "type" | "status" {
  const word = head.toLowerCase();
  return word === "name" || word === "type" ? word : "status";
}

function text(subject: Subject): Field {
  return { type: "text", subject };
}

function facet(name: FacetName): Field {
  return text({ of: "facet", facet: name });
}

function named(field: Field, ...names: readonly string[]): readonly (readonly [string, Field])[] {
  return names.map((name) => [name, field]);
}
