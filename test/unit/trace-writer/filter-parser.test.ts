import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import { TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import type { Filter } from "../../../services/trace-writer/core/search/filter.ts";
import { matches } from "../../../services/trace-writer/core/search/filter-match.ts";
import { parseFilter } from "../../../services/trace-writer/core/search/filter-parser.ts";
import { filterText } from "../../service/trace-writer/sample-filters.ts";

/** A filter in short: conditions by what they are asked of. */
function shape(filter: Filter | undefined): unknown {
  if (filter === undefined) return "nothing";
  switch (filter.kind) {
    case "and":
    case "or":
      return { [filter.kind]: filter.parts.map(shape) };
    case "not":
      return { not: shape(filter.part) };
    case "text":
      return filter.test.is === "equal" ? filter.test.value : filter.test.is;
    default:
      return filter.kind;
  }
}

describe("a filter", () => {
  test("binds NOT tightest, then AND, then OR; parentheses say otherwise", () => {
    const [a, b, c] = ["name = 'a'", "name = 'b'", "name = 'c'"];
    expect(shape(parseFilter(`${a} OR ${b} AND ${c}`))).toEqual({ or: ["a", { and: ["b", "c"] }] });
    expect(shape(parseFilter(`(${a} OR ${b}) AND ${c}`))).toEqual({ and: [{ or: ["a", "b"] }, "c"] });
    expect(shape(parseFilter(`NOT ${a} AND ${b}`))).toEqual({ and: [{ not: "a" }, "b"] });
    expect(shape(parseFilter(`NOT (${a} and ${b})`))).toEqual({ not: { and: ["a", "b"] } });
    expect(shape(parseFilter("name IN ('a', 'b')"))).toEqual({ or: ["a", "b"] });
    expect(shape(parseFilter("name NOT IN ('a')"))).toEqual({ and: ["there", { not: { or: ["a"] } }] });
    expect(shape(parseFilter("  \n "))).toBe("nothing");
  });

  test("compares times in whole milliseconds, of numbers and of dates", () => {
    const ms = (from: bigint | undefined, to: bigint | undefined) => ({ kind: "time", field: "start", from, to });
    expect(parseFilter("timestamp_ms > 5")).toEqual(ms(6_000_000n, undefined));
    expect(parseFilter("trace.timestamp <= 5")).toEqual(ms(undefined, 6_000_000n));
    expect(parseFilter("attributes.timestamp_ms = 5")).toEqual(ms(5_000_000n, 6_000_000n));
    expect(parseFilter("start_time >= '1970-01-01T00:00:01Z'")).toEqual(ms(1_000_000_000n, undefined));
    expect(parseFilter("duration < 3")).toEqual({ kind: "time", field: "duration", from: undefined, to: 3_000_000n });
    expect(parseFilter("State = 'error'")).toEqual({ kind: "state", state: TraceState.TRACE_STATE_ERROR });
  });

  test.each([
    ["metadata.a.b = 'x'", { of: "metadata", key: "a.b" }],
    ['request_metadata."a b" = "x"', { of: "metadata", key: "a b" }],
    ["tags.`and` = 'x'", { of: "tag", key: "and" }],
    ["trace.tags.x = 'x'", { of: "tag", key: "x" }],
    ["metadata.mlflow.trace.user = 'x'", { of: "facet", facet: "user" }],
    ["Spans.Attributes.gen_ai.request.model = 'x'", { of: "span attribute", key: "gen_ai.request.model" }],
    ["run_id = 'x'", { of: "metadata", key: "mlflow.sourceRun" }],
  ])("%s asks of what it names", (text, subject) => {
    expect(parseFilter(text)).toEqual({ kind: "text", subject, test: { is: "equal", value: "x" } });
  });

  test.each([
    ["stat = 'OK'", 'column 1: there is no field "stat"'],
    ["status = OK", "column 10: expected a value"],
    ["status = 'FINE'", "column 10: expected 'OK', 'ERROR' or 'IN_PROGRESS'"],
    ["status > 'OK'", "column 8: a status is compared by = and !="],
    ["name = 'a' name = 'b'", 'column 12: expected AND, OR or the end, not "name"'],
    ["name = 'a' AND", "column 15: it ends where a comparison is expected"],
    ["(name = 'a'", "column 1: the parenthesis that opens here is not closed"],
    ["(name = 'a' b)", 'column 13: expected AND, OR or ), not "b"'],
    ["name = 'a", "column 8: the quote that opens here (') is not closed"],
    ["name < 'a'", "column 6: a text is compared by ="],
    ["name RLIKE 'a'", "column 6: regular expressions are not offered"],
    ["name NOT = 'a'", "column 10: expected LIKE, ILIKE or IN after NOT"],
    ["duration > 'a'", "column 12: expected a whole number of milliseconds"],
    ["duration > 1.5", "column 12: expected a whole number of milliseconds"],
    ["timestamp > 99999999999999999999", "column 13: expected a whole number"],
    ["status IS NULL", "column 1: it always has a value"],
    ["feedback.x = 'y'", "column 1: assessments are not stored here"],
    ["name = 'a' & name = 'b'", 'column 12: "&" is not expected here'],
    [`name LIKE '${"a".repeat(251)}'`, "column 11: a pattern must have at most 250"],
    [`${"(".repeat(40)}name = 'a'${")".repeat(40)}`, "must nest at most 32 deep"],
    [`${"NOT ".repeat(1000)}name = 'a'`, "must nest at most 32 deep"],
    [`name IN (${Array(101).fill("'a'").join(",")})`, "at most 100 comparisons"],
    ["a".repeat(8001), "at most 8000 characters"],
  ])("%.60s is refused in words that say where", (text, message) => {
    expect(() => parseFilter(text)).toThrow(message);
    expect(() => parseFilter(text)).toThrow(ServiceError);
  });

  test("never fails but with an invalid_request, whatever its text, and never quotes a value", () => {
    const pieces = [
      "(",
      ")",
      "NOT",
      "AND",
      "OR",
      "IN",
      "IS",
      "NULL",
      "LIKE",
      ",",
      "=",
      "!=",
      "<",
      "name",
      "tags.x",
      "status",
      "'canary'",
      "5",
      "span.",
      "`",
      '"',
      "\\",
    ];
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((some) => some.join(" ")),
    );
    fc.assert(
      fc.property(text, (filter) => {
        try {
          parseFilter(filter);
        } catch (error) {
          expect(error).toBeInstanceOf(ServiceError);
          expect(error).toMatchObject({ kind: "invalid_request", field: "filter" });
          expect(String(error)).not.toContain("canary");
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("means what its logic says", () => {
    const values = { "name = 'yes'": true, "name = 'no'": false, "tags.x IS NULL": true };
    const info = {
      traceId: "tr-1",
      experimentId: "",
      state: TraceState.TRACE_STATE_OK,
      name: "yes",
      startTimeUnixNano: 1n,
      durationNanos: 1n,
      spanCount: 1,
      requestPreview: "",
      responsePreview: "",
      metadata: {},
      tags: {},
      usage: undefined,
      cost: undefined,
      sealed: false,
      linkedTraceIds: [],
      clientRequestId: "",
      unclaimed: false,
    };
    fc.assert(
      fc.property(filterText(fc.constantFrom(...Object.keys(values))), (text) => {
        let logic = text
          .replaceAll(/\bNOT\b/g, "!")
          .replaceAll(/\bAND\b/gi, "&&")
          .replaceAll(/\bOR\b/g, "||");
        for (const [term, value] of Object.entries(values)) logic = logic.replaceAll(term, String(value));
        const filter = parseFilter(text);
        if (filter === undefined) throw new Error("the sample filter is empty");
        const expected: unknown = new Function(`return ${logic}`)();
        expect(matches(filter, { info, facets: [], spans: () => [] })).toBe(expected);
      }),
    );
  });
});
