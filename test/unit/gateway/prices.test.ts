import fc from "fast-check";
import { expect, test } from "vitest";
import type { Cost } from "#proto/twinspan/trace/v1/usage.ts";
import { costAt, plausibleCostOf } from "../../../services/gateway/core/price.ts";
import { publicPricesOf } from "../../../services/gateway/public-prices.ts";

const count = fc.option(fc.bigInt({ min: 0n, max: 10n ** 10n }), { nil: undefined });
const usage = fc.record({
  inputTokens: count,
  outputTokens: count,
  totalTokens: count,
  cacheReadInputTokens: count,
  cacheWriteInputTokens: count,
  reasoningOutputTokens: count,
});

test("the price list never throws, whatever a provider counts", () => {
  const costOf = publicPricesOf("https://api.openai.com/v1");
  fc.assert(
    fc.property(usage, fc.constantFrom("gpt-5-mini", "gpt-4o", "no-such-model", ""), (some, model) => {
      const cost = costOf?.(some, model);
      if (cost !== undefined) expect(cost.totalNanoUsd).toBeGreaterThanOrEqual(0n);
    }),
  );
  expect(publicPricesOf("http://127.0.0.1:1/v1")).toBeUndefined();
});

test("a cost beyond what a call can cost is none", () => {
  const inLimit = (cost: Cost | undefined) => (cost?.totalNanoUsd ?? 0n) <= 10n ** 14n;
  const price = fc.record({
    inputPerMillion: fc.double({ min: 0, max: 1_000_000, noNaN: true }),
    outputPerMillion: fc.double({ min: 0, max: 1_000_000, noNaN: true }),
  });
  fc.assert(fc.property(usage, price, (some, at) => inLimit(plausibleCostOf(costAt(at, some)))));
  expect(plausibleCostOf({ inputNanoUsd: -1n, outputNanoUsd: 0n, totalNanoUsd: 0n })).toBeUndefined();
  expect(plausibleCostOf(undefined)).toBeUndefined();
});
