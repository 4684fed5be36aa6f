import fc from "fast-check";
import { expect, test } from "vitest";
import { summaryOf } from "../../../services/gateway/core/summary.ts";
import { arbitraryEnded } from "./arbitrary-outcome.ts";

const interval = fc.record({ start: fc.nat(50), length: fc.nat(20) });

test("the time spent on providers is counted once where attempts overlap, and is never more than the call", () => {
  fc.assert(
    fc.property(
      arbitraryEnded.filter(({ outcome }) => outcome.attempts.length > 0),
      fc.array(interval, { minLength: 9, maxLength: 9 }),
      ({ invocation, outcome }, intervals) => {
        const inOrder = intervals.toSorted((a, b) => a.start - b.start);
        const spent = new Set<number>();
        const attempts = outcome.attempts.map((attempt, index) => {
          const { start = 0, length = 0 } = inOrder[index] ?? {};
          for (let nano = start; nano < start + length; nano += 1) spent.add(nano);
          const startNanos = invocation.startNanos + BigInt(start);
          return { ...attempt, startNanos, endNanos: startNanos + BigInt(length) };
        });
        const ending = { ...outcome, attempts, endNanos: invocation.startNanos + 70n };
        const { providerNanos, durationNanos } = summaryOf(invocation, ending, attempts.at(-1));
        expect(providerNanos).toBe(BigInt(spent.size));
        expect(providerNanos).toBeLessThanOrEqual(durationNanos);
      },
    ),
  );
});
