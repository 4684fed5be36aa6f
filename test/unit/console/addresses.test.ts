import fc from "fast-check";
import { expect, test } from "vitest";
import { traceCodec } from "../../../console/src/views/trace/trace-address.ts";
import { type TracesState, tracesAddress, tracesCodec } from "../../../console/src/views/traces/traces-address.ts";

const scope = fc.oneof(
  fc.constantFrom({ kind: "all" } as const, { kind: "pending" } as const, { kind: "unclaimed" } as const),
  fc
    .uniqueArray(fc.nat().map(String), { minLength: 1, maxLength: 100 })
    .map((ids) => ({ kind: "experiments", ids }) as const),
);
const range = fc.oneof(
  fc.constant({ kind: "all" } as const),
  fc.integer({ min: 1, max: 9999 }).map((minutes) => ({ kind: "last", ms: minutes * 60_000 }) as const),
  fc.integer({ min: 0, max: 4e12 }).map((fromMs) => ({ kind: "between", fromMs, toMs: fromMs + 1 }) as const),
);
const states: fc.Arbitrary<TracesState> = fc.record({
  scope,
  range,
  filter: fc.string(),
  order: fc.constantFrom("newest", "oldest", "slowest", "fastest"),
  columns: fc.uniqueArray(fc.constantFrom("name", "cost", "id", "spans"), { minLength: 1 }),
  live: fc.boolean(),
});

test("what the list shows is in its address, whole", () => {
  fc.assert(
    fc.property(states, (state) => {
      const address = new URL(tracesAddress(state), "http://console.test");
      expect(tracesCodec.read(address.searchParams)).toEqual(state);
    }),
  );
});

test("what is as by default is left out", () => {
  expect(tracesAddress({})).toBe("/traces");
  expect(tracesAddress({ filter: "status = 'ERROR'", order: "slowest" })).toBe(
    "/traces?q=status+%3D+%27ERROR%27&sort=slowest",
  );
});

test("an address that somebody made up shows something sensible", () => {
  const read = (query: string) => tracesCodec.read(new URLSearchParams(query));
  expect(read("in=x,7,7,<b>&t=never&sort=up&columns=,<i>,cost&live=maybe")).toMatchObject({
    scope: { kind: "experiments", ids: ["7"] },
    range: { kind: "all" },
    order: "newest",
    columns: ["cost"],
    live: true,
  });
  expect(traceCodec.read(new URLSearchParams("span=javascript:&panel=x&beside=tr-1"))).toEqual({
    span: "",
    panel: "messages",
    beside: "",
  });
  fc.assert(fc.property(fc.webQueryParameters(), (query) => void read(query)));
});
