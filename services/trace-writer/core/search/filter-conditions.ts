import { filterFault } from "#lib/filter/filter-fault.ts";
import type { Token } from "#lib/filter/filter-tokens.ts";
import { TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import type { Comparison, Filter, Subject, TimeField } from "./filter.ts";
import type { Field } from "./filter-fields.ts";

/** How a field is compared. Keywords are in capitals. */
export type Operator = Comparison | "!=" | "LIKE" | "ILIKE";

const NANOS_PER_MS = 1_000_000n;
/** Numbers of milliseconds beyond this are no times: in nanoseconds they leave 64 bits. */
const MS_MAX = 2n ** 63n / NANOS_PER_MS;
const PATTERN_MAX = 250;
const WHOLE = /^[-+]?\d+$/;
const DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[-+]\d\d:\d\d))?$/;
const STATES: ReadonlyMap<string, TraceState> = new Map([
  ["OK", TraceState.TRACE_STATE_OK],
  ["ERROR", TraceState.TRACE_STATE_ERROR],
  ["IN_PROGRESS", TraceState.TRACE_STATE_IN_PROGRESS],
]);

/** The condition that a field, an operator and a value make. `at` is where the operator stands. */
export function conditionOf(field: Field, operator: Operator, at: number, value: Token): Filter {
  switch (field.type) {
    case "time":
      return timeCondition(field.field, operator, at, value);
    case "state":
      return stateCondition(operator, at, value);
    case "text":
      return textCondition(field.subject, operator, at, value);
  }
}

/** Whether there is a value at all. Of times and states there always is. */
export function thereCondition(field: Field, at: number): Filter {
  if (field.type !== "text") throw filterFault(at, "it always has a value: compare it.");
  return { kind: "text", subject: field.subject, test: { is: "there" } };
}

/** Times are compared in whole milliseconds, as MLflow keeps them. */
function timeCondition(field: TimeField, operator: Operator, at: number, value: Token): Filter {
  const from = millisecondsOf(field, value) * NANOS_PER_MS;
  const next = from + NANOS_PER_MS;
  const within = (begin: bigint | undefined, end: bigint | undefined): Filter => ({
    kind: "time",
    field,
    from: begin,
    to: end,
  });
  switch (operator) {
    case "=":
      return within(from, next);
    case "!=":
      return { kind: "not", part: within(from, next) };
    case "<":
      return within(undefined, from);
    case "<=":
      return within(undefined, next);
    case ">":
      return within(next, undefined);
    case ">=":
      return within(from, undefined);
    default:
      throw filterFault(at, `a time is compared by =, !=, <, <=, >, >=, not by ${operator}.`);
  }
}

function millisecondsOf(field: TimeField, { kind, text, at }: Token): bigint {
  const isDate = kind === "text" && field !== "duration" && DATE.test(text);
  const date = isDate ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(date)) return BigInt(Math.floor(date));
  const ms = WHOLE.test(text) ? BigInt(text.startsWith("+") ? text.slice(1) : text) : undefined;
  if (ms !== undefined && ms <= MS_MAX && ms >= -MS_MAX) return ms;
  throw filterFault(
    at,
    field === "duration"
      ? "expected a whole number of milliseconds."
      : "expected a whole number of milliseconds since 1970, or a date such as '2026-11-24' or '2026-11-24T07:00:00Z'.",
  );
}

function stateCondition(operator: Operator, at: number, value: Token): Filter {
  const state = value.kind === "text" ? STATES.get(value.text.toUpperCase()) : undefined;
  if (state === undefined) throw filterFault(value.at, "expected 'OK', 'ERROR' or 'IN_PROGRESS'.");
  if (operator === "=") return { kind: "state", state };
  if (operator === "!=") return { kind: "not", part: { kind: "state", state } };
  throw filterFault(at, `a status is compared by = and !=, not by ${operator}.`);
}

function textCondition(subject: Subject, operator: Operator, at: number, value: Token): Filter {
  if (value.kind === "number" && subject.of === "span attribute")
    return numberCondition(subject.key, operator, at, value);
  if (value.kind !== "text") throw filterFault(value.at, "expected a text in single quotes.");
  const asked = (test: Extract<Filter, { kind: "text" }>["test"]): Filter => ({ kind: "text", subject, test });
  switch (operator) {
    case "=":
      return asked({ is: "equal", value: value.text });
    case "!=":
      return {
        kind: "and",
        parts: [asked({ is: "there" }), { kind: "not", part: asked({ is: "equal", value: value.text }) }],
      };
    case "LIKE":
    case "ILIKE":
      if (value.text.length > PATTERN_MAX)
        throw filterFault(value.at, `a pattern must have at most ${PATTERN_MAX} characters.`);
      return asked({ is: "like", pattern: value.text, ignoresCase: operator === "ILIKE" });
    default:
      throw filterFault(at, `a text is compared by =, !=, LIKE and ILIKE, not by ${operator}.`);
  }
}

function numberCondition(key: string, operator: Operator, at: number, { text }: Token): Filter {
  const asked = (comparison: Comparison): Filter => ({ kind: "number", key, comparison, value: Number(text) });
  switch (operator) {
    case "LIKE":
    case "ILIKE":
      throw filterFault(at, `a number is compared by =, !=, <, <=, >, >=, not by ${operator}.`);
    case "!=":
      return {
        kind: "and",
        parts: [
          { kind: "text", subject: { of: "span attribute", key }, test: { is: "there" } },
          { kind: "not", part: asked("=") },
        ],
      };
    default:
      return asked(operator);
  }
}
