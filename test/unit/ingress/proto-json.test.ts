import fc from "fast-check";
import { expect, test } from "vitest";
import { durationText, timestampText } from "../../../services/ingress/core/mlflow/proto-json.ts";

test.each([
  [0n, "1970-01-01T00:00:00Z"],
  [1_700_000_000_000_000_000n, "2023-11-14T22:13:20Z"],
  [1_700_000_000_100_000_000n, "2023-11-14T22:13:20.100Z"],
  [1_700_000_000_000_100_000n, "2023-11-14T22:13:20.000100Z"],
  [1_700_000_000_000_000_001n, "2023-11-14T22:13:20.000000001Z"],
  [-1n, "1969-12-31T23:59:59.999999999Z"],
])("%s nanoseconds after the epoch is %s", (nanos, text) => {
  expect(timestampText(nanos)).toBe(text);
});

test.each([
  [0n, "0s"],
  [1_234_000_000n, "1.234s"],
  [1_000_000_000n, "1s"],
  [1n, "0.000000001s"],
  [-500_000_000n, "-0.500s"],
])("a duration of %s nanoseconds is %s", (nanos, text) => {
  expect(durationText(nanos)).toBe(text);
});

test("no nanosecond is lost in a timestamp", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (nanos) => {
      const [, seconds = "", fraction = ""] = /^(.{19})(?:\.(\d+))?Z$/.exec(timestampText(nanos)) ?? [];
      const read = BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
      expect(read).toBe(nanos);
    }),
  );
});
