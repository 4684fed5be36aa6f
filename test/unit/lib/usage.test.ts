import fc from "fast-check";
import { expect, test } from "vitest";
import { isPriceVersion, sumOfPriceVersions } from "#lib/spans/price-version.ts";
import { sumOfCosts, sumOfUsages, USAGE_FIELDS } from "#lib/spans/usage.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";

const version = fc.option(fc.stringMatching(/^[a-z]{1,6}(\/[0-9.]{1,9})?$/), { nil: undefined });

test("a sum of usages is estimated when a part of it is, and counts every field that somebody said", () => {
  const exact = { inputTokens: 3n, outputTokens: 4n, audioInputTokens: 1n };
  expect(sumOfUsages([exact, exact])).toEqual({
    inputTokens: 6n,
    outputTokens: 8n,
    totalTokens: 14n,
    audioInputTokens: 2n,
  });
  expect(sumOfUsages([exact, { inputTokens: 1n, estimated: true }])).toMatchObject({
    inputTokens: 4n,
    estimated: true,
  });
  expect(sumOfUsages([undefined])).toBeUndefined();
});

test("a sum of usages is what each field comes to by itself, in whatever order they come", () => {
  const count = fc.option(fc.bigInt({ min: 0n, max: 10n ** 12n }), { nil: undefined });
  const fields = Object.fromEntries(USAGE_FIELDS.map((field) => [field, count]));
  const usage = fc.record({ ...fields, estimated: fc.option(fc.boolean(), { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(fc.option(usage, { nil: undefined }), { maxLength: 5 }), (usages: (Usage | undefined)[]) => {
      const known = usages.filter((one) => one !== undefined);
      const sum = sumOfUsages(usages);
      expect(sum).toEqual(sumOfUsages(usages.toReversed()));
      expect(sum === undefined).toBe(known.length === 0);
      for (const field of USAGE_FIELDS) {
        const said = known.flatMap((one) => (field === "totalTokens" ? totalIn(one) : one[field]) ?? []);
        expect(sum?.[field]).toBe(said.length === 0 ? undefined : said.reduce((total, value) => total + value));
      }
      expect(sum?.estimated).toBe(known.some(({ estimated }) => estimated) || undefined);
    }),
  );
});

function totalIn({ inputTokens, outputTokens, totalTokens }: Usage): bigint | undefined {
  if (totalTokens !== undefined || inputTokens === undefined || outputTokens === undefined) return totalTokens;
  return inputTokens + outputTokens;
}

test("a sum of costs names every price it was computed with, once each", () => {
  const cost = (priceVersion: string | undefined) => ({
    inputNanoUsd: 1n,
    outputNanoUsd: 2n,
    totalNanoUsd: 4n,
    priceVersion,
  });
  const sum = sumOfCosts([cost("genai-prices/0.1.8"), cost("configuration"), cost("genai-prices/0.1.8"), undefined]);
  expect(sum).toEqual({
    inputNanoUsd: 3n,
    outputNanoUsd: 6n,
    totalNanoUsd: 12n,
    priceVersion: "configuration+genai-prices/0.1.8",
  });
  expect(sumOfCosts([cost(undefined)])?.priceVersion).toBeUndefined();
});

test("versions come to the same in any order and grouping, and always to a word that can be stored", () => {
  fc.assert(
    fc.property(fc.array(version, { maxLength: 20 }), fc.nat(20), (versions, at) => {
      const whole = sumOfPriceVersions(versions);
      const parts = [sumOfPriceVersions(versions.slice(at)), sumOfPriceVersions(versions.slice(0, at))];
      expect(sumOfPriceVersions(parts)).toBe(whole);
      if (whole !== undefined) expect(isPriceVersion(whole)).toBe(true);
    }),
  );
});
