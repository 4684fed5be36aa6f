import fc from "fast-check";
import { expect, test } from "vitest";
import { Rollup } from "../../../services/trace-writer/core/totals/rollup.ts";
import { rollupBytesOf, rollupOfBytes } from "../../../services/trace-writer/store/sqlite/rollup-codec.ts";

const nanos = fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 10n ** 13n }));
const tokens = fc.option(fc.bigInt({ min: 0n, max: 10n ** 12n }), { nil: undefined });
const name = fc.constantFrom("", "one", "two");
const samples = fc.array(
  fc.record({
    groups: fc.tuple(name, name),
    sample: fc.record({
      failed: fc.boolean(),
      usage: fc.option(fc.record({ inputTokens: tokens, outputTokens: tokens }), { nil: undefined }),
      cost: fc.option(
        fc.record({ inputNanoUsd: nanos, outputNanoUsd: nanos, totalNanoUsd: nanos, priceVersion: fc.constant("p/1") }),
        { nil: undefined },
      ),
      latencyNs: nanos,
      firstTokenNs: fc.option(nanos, { nil: undefined }),
    }),
  }),
);

const shownOf = (rollup: Rollup) =>
  Array.from(rollup.cells(), ({ groups, cell }) => ({
    groups,
    counted: [cell.requests, cell.errors, cell.cost],
    tokens: [cell.usage?.inputTokens, cell.usage?.outputTokens],
    latency: cell.latency.summary(),
    firstToken: cell.firstToken.summary(),
  }));

test("what was added up comes back as it was, and more can be added to it", () => {
  fc.assert(
    fc.property(samples, samples, (before, more) => {
      const whole = new Rollup();
      for (const each of before) whole.add(each);
      const kept = rollupOfBytes(rollupBytesOf(whole));
      expect(shownOf(kept)).toEqual(shownOf(whole));
      for (const each of more) for (const rollup of [whole, kept]) rollup.add(each);
      expect(shownOf(kept)).toEqual(shownOf(whole));
    }),
  );
});
