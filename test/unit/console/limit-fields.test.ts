import fc from "fast-check";
import { expect, test } from "vitest";
import { fieldsOf, type LimitFields, limitsOf } from "../../../console/src/views/experiments/limit-fields.ts";

const NONE = fieldsOf({ ageDaysMax: 0, tracesMax: 0n, bytesMax: 0n });

test("limits are shown in the unit that reads best, and no limit as an empty field", () => {
  expect(NONE).toEqual({
    age: { number: "", unit: "days" },
    traces: { number: "", unit: "traces" },
    bytes: { number: "", unit: "GB" },
  });
  expect(fieldsOf({ ageDaysMax: 0.5, tracesMax: 12n, bytesMax: 2_500_000_000n })).toEqual({
    age: { number: "12", unit: "hours" },
    traces: { number: "12", unit: "traces" },
    bytes: { number: "2.5", unit: "GB" },
  });
  expect(fieldsOf({ ageDaysMax: 1.5, tracesMax: 0n, bytesMax: 500_000n })).toMatchObject({
    age: { number: "1.5", unit: "days" },
    bytes: { number: "0.5", unit: "MB" },
  });
});

test("limits that nobody touches stay what they are", () => {
  const some = fc.record({
    ageDaysMax: fc.oneof(
      fc.constant(0),
      fc.integer({ min: 1, max: 876_000 }).map((hours) => hours / 24),
    ),
    tracesMax: fc.oneof(fc.constant(0n), fc.bigInt(1n, 10n ** 12n)),
    bytesMax: fc.oneof(fc.constant(0n), fc.bigInt(1024n, 10n ** 12n - 1n)),
  });
  fc.assert(
    fc.property(some, (limits) => {
      const read = limitsOf(fieldsOf(limits));
      const { ageDaysMax, ...counts } = "limits" in read ? read.limits : NaNs;
      expect(counts).toEqual({ tracesMax: limits.tracesMax, bytesMax: limits.bytesMax });
      expect(ageDaysMax).toBeCloseTo(limits.ageDaysMax, 6);
    }),
  );
});

const NaNs = { ageDaysMax: Number.NaN, tracesMax: -1n, bytesMax: -1n };

test.each([
  ["age", { age: { number: "0", unit: "days" } }],
  ["age", { age: { number: "-1", unit: "days" } }],
  ["age", { age: { number: "36501", unit: "days" } }],
  ["age", { age: { number: "a week", unit: "days" } }],
  ["traces", { traces: { number: "0.5", unit: "traces" } }],
  ["bytes", { bytes: { number: "0.0001", unit: "MB" } }],
  ["bytes", { bytes: { number: "2000", unit: "TB" } }],
] as const)("of a field that is no limit (%s) it is said what one is", (name, wrong: Partial<LimitFields>) => {
  expect(limitsOf({ ...NONE, ...wrong })).toMatchObject({ wrong: name, words: expect.stringContaining("Write ") });
});
