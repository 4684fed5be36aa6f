import { calcPrice } from "@pydantic/genai-prices";
import fc from "fast-check";
import { expect, test } from "vitest";
import { configSchema } from "#lib/config/schema.ts";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { costAt, plausibleCostOf } from "../../../services/gateway/core/usage/price.ts";
import { createListedModels } from "../../../services/gateway/endpoints/listed-models.ts";
import { costOfModel } from "../../../services/gateway/endpoints/prices.ts";
import { publicPricesOf } from "../../../services/gateway/endpoints/public-prices.ts";

const count = fc.option(fc.bigInt({ min: 0n, max: 10n ** 10n }), { nil: undefined });
const usage = fc.record({
  inputTokens: count,
  outputTokens: count,
  totalTokens: count,
  cacheReadInputTokens: count,
  cacheWriteInputTokens: count,
  reasoningOutputTokens: count,
  audioInputTokens: count,
  audioOutputTokens: count,
});
/** A day on which the prices below are known. */
const AT = BigInt(Date.UTC(2026, 10, 24)) * 1_000_000n;

function providerOf(options: Readonly<Record<string, unknown>>) {
  const { one } = configSchema.parse({ providers: { one: options } }).providers;
  if (one === undefined) throw new Error("the provider is missing");
  return one;
}

function listedCost(kind: string, model: string, said: Usage): Cost | undefined {
  return publicPricesOf(providerOf({ kind }))?.(said, model, AT);
}

test.each<[kind: string, model: string, said: Usage, input: bigint, output: bigint]>([
  // 0.15 and 0.60 dollars for a million.
  ["openai", "gpt-4o-mini", { inputTokens: 1_000n, outputTokens: 10n }, 150_000n, 6_000n],
  // 600 at 0.15, and 400 cached at 0.075.
  ["openai", "gpt-4o-mini", { inputTokens: 1_000n, cacheReadInputTokens: 400n }, 120_000n, 0n],
  // 300 at 3, 500 read from a cache at 0.30, 200 written to it at 3.75; 100 at 15.
  [
    "anthropic",
    "claude-sonnet-4-5-20250929",
    { inputTokens: 1_000n, cacheReadInputTokens: 500n, cacheWriteInputTokens: 200n, outputTokens: 100n },
    1_800_000n,
    1_500_000n,
  ],
  // 500 at 0.30, 100 cached at 0.03, 400 of audio at 1.
  [
    "gemini",
    "gemini-2.5-flash",
    { inputTokens: 1_000n, cacheReadInputTokens: 100n, audioInputTokens: 400n, outputTokens: 10n },
    553_000n,
    25_000n,
  ],
  // Up to 200,000 tokens of input at 1.25 and 10; beyond them all of it at 2.50 and 15.
  ["gemini", "gemini-2.5-pro", { inputTokens: 200_000n, outputTokens: 1_000n }, 250_000_000n, 10_000_000n],
  ["google-vertex", "gemini-2.5-pro", { inputTokens: 250_000n, outputTokens: 1_000n }, 625_000_000n, 15_000_000n],
  // Models of others at a cloud: Anthropic's at 3 and 15, OpenAI's at 2.50 and 10.
  ["google-vertex", "claude-sonnet-4@20250514", { inputTokens: 1_000n, outputTokens: 1_000n }, 3_000_000n, 15_000_000n],
  [
    "amazon-bedrock",
    "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
    { inputTokens: 1_000n, outputTokens: 1_000n },
    3_000_000n,
    15_000_000n,
  ],
  ["azure-openai", "gpt-4o-2024-08-06", { inputTokens: 1_000n, outputTokens: 1_000n }, 2_500_000n, 10_000_000n],
  // Reasoning is output, at the price of output where the list has no other.
  ["openai", "o3", { inputTokens: 1_000n, outputTokens: 1_000n, reasoningOutputTokens: 900n }, 2_000_000n, 8_000_000n],
  // Embeddings have no output.
  ["openai", "text-embedding-3-small", { inputTokens: 1_000n }, 20_000n, 0n],
])(
  "%s is known to ask for %s what a calculation by hand comes to",
  (kind, model, said, inputNanoUsd, outputNanoUsd) => {
    expect(listedCost(kind, model, said)).toEqual({
      inputNanoUsd,
      outputNanoUsd,
      totalNanoUsd: inputNanoUsd + outputNanoUsd,
      priceVersion: "genai-prices/0.1.8",
    });
  },
);

test("audio that may be cached is priced as audio", () => {
  const said = { inputTokens: 1_000n, audioInputTokens: 400n, cacheReadInputTokens: 100n, audioOutputTokens: 0n };
  expect(listedCost("openai", "gpt-realtime", said)?.inputNanoUsd).toBeGreaterThan(0n);
});

test("a provider is known by its base URL before its kind, and one that is known by neither has no prices", () => {
  const said = { inputTokens: 1_000n };
  const compatible = publicPricesOf(providerOf({ baseUrl: "https://api.groq.com/openai/v1" }));
  expect(compatible?.(said, "llama-3.3-70b-versatile", AT)?.inputNanoUsd).toBe(590_000n);
  const proxied = publicPricesOf(providerOf({ kind: "openai", baseUrl: "http://127.0.0.1:1/v1" }));
  expect(proxied?.(said, "gpt-4o-mini", AT)?.inputNanoUsd).toBe(150_000n);
  expect(publicPricesOf(providerOf({ baseUrl: "http://127.0.0.1:1/v1" }))).toBeUndefined();
  expect(publicPricesOf(providerOf({ kind: "ollama" }))).toBeUndefined();
});

test("the model that answered is priced, else the one that was asked for, else nothing", () => {
  const costOf = costOfModel({ provider: "one", model: "gpt-4o" }, providerOf({ kind: "openai" }));
  const said = { inputTokens: 1_000n };
  expect(costOf(said, "gpt-4o-mini", AT)?.inputNanoUsd).toBe(150_000n);
  expect(costOf(said, "a-model-of-ours", AT)?.inputNanoUsd).toBe(2_500_000n);
  expect(costOf(said, undefined, AT)?.inputNanoUsd).toBe(2_500_000n);
  const unknown = costOfModel({ provider: "one", model: "none-of-theirs" }, providerOf({ kind: "openai" }));
  expect(unknown(said, "nor-this", AT)).toBeUndefined();
});

test("the operator's own prices are for each kind of token, and for the request", () => {
  const price = {
    inputPerMillion: 1,
    outputPerMillion: 10,
    cacheReadPerMillion: 0.1,
    cacheWritePerMillion: 2,
    audioInputPerMillion: 20,
    reasoningPerMillion: 5,
    audioOutputPerMillion: 40,
    perRequest: 0.000_001,
  };
  const said = {
    inputTokens: 1_000n,
    cacheReadInputTokens: 500n,
    cacheWriteInputTokens: 200n,
    audioInputTokens: 100n,
    outputTokens: 100n,
    reasoningOutputTokens: 50n,
    audioOutputTokens: 10n,
  };
  // 200 × 1 + 500 × 0.1 + 200 × 2 + 100 × 20 = 2,650 millionths; 40 × 10 + 50 × 5 + 10 × 40 = 1,050.
  expect(costAt(price, said)).toEqual({
    inputNanoUsd: 2_650_000n,
    outputNanoUsd: 1_050_000n,
    totalNanoUsd: 3_701_000n,
    priceVersion: "configuration",
  });
  expect(costAt(price, undefined)?.totalNanoUsd).toBe(1_000n);
  expect(costAt({ inputPerMillion: 1, outputPerMillion: 1, perRequest: 0 }, undefined)).toBeUndefined();
});

test("a sum at the operator's prices is exact, and rounded once", () => {
  const at = { inputPerMillion: 0.000_1, outputPerMillion: 0, perRequest: 0 };
  // A tenth of a billionth of a dollar for a token.
  expect(costAt(at, { inputTokens: 14n })?.inputNanoUsd).toBe(1n);
  expect(costAt(at, { inputTokens: 15n })?.inputNanoUsd).toBe(2n);
  const large = { inputPerMillion: 0.123_456_789, outputPerMillion: 0, perRequest: 0 };
  expect(costAt(large, { inputTokens: 10n ** 10n })?.inputNanoUsd).toBe(1_234_567_890_000n);
});

test("the price list never throws, whatever a provider counts", () => {
  const costOf = publicPricesOf(providerOf({ kind: "openai" }));
  fc.assert(
    fc.property(usage, fc.constantFrom("gpt-5-mini", "gpt-4o", "gpt-realtime", "no-such-model", ""), (some, model) => {
      const cost = costOf?.(some, model, AT);
      if (cost !== undefined) expect(cost.totalNanoUsd).toBeGreaterThanOrEqual(0n);
    }),
  );
});

test("a model that is known costs at every time what the price list says, of whichever provider", () => {
  const listed = ["openai", "azure", "anthropic", "google", "aws", "mistral", "cohere", "groq", "x-ai", "deepseek"].map(
    (providerId) => ({ providerId, modelOf: createListedModels(providerId) }),
  );
  const models = [
    "gpt-4o",
    " GPT-5-mini ",
    "gpt-4o-20240806",
    "gemini-2.5-pro",
    "claude-sonnet-4@20250514",
    "o3",
    "x/y",
  ];
  const others = [
    "deepseek-chat",
    "whisper-large-v3",
    "command-r",
    "grok-4",
    "mistral-large-2407",
    "openai/gpt-4o",
    "",
  ];
  const time = fc.date({ min: new Date("2024-01-01"), max: new Date("2027-12-31"), noInvalidDate: true });
  const counts = fc.record({
    input_tokens: fc.nat(400_000),
    output_tokens: fc.nat(),
    cache_read_tokens: fc.nat(400_000),
  });
  const name = fc.oneof(fc.constantFrom(...models, ...others), fc.string());
  const one = fc.constantFrom(...listed);
  fc.assert(
    fc.property(one, name, counts, time, ({ providerId, modelOf }, model, usage, timestamp) => {
      const provider = modelOf(model);
      const known = () => provider && priceIn(() => calcPrice(usage, model, { provider, timestamp }));
      const told = priceIn(() => calcPrice(usage, model, { providerId, timestamp }));
      expect(known()).toEqual(told);
      expect(modelOf(model)).toEqual(provider);
    }),
    { numRuns: 500 },
  );
});

/** What a calculation comes to. Undefined: nothing. Where it throws: why. */
function priceIn(calculate: () => ReturnType<typeof calcPrice>) {
  try {
    const { model, input_price, output_price, total_price } = calculate() ?? {};
    return model && { model: model.id, input_price, output_price, total_price };
  } catch (error) {
    return String(error);
  }
}

test("a cost beyond what a call can cost is none", () => {
  const inLimit = (cost: Cost | undefined) => (cost?.totalNanoUsd ?? 0n) <= 10n ** 14n;
  const price = fc.record({
    inputPerMillion: fc.double({ min: 0, max: 1_000_000, noNaN: true }),
    outputPerMillion: fc.double({ min: 0, max: 1_000_000, noNaN: true }),
    perRequest: fc.double({ min: 0, max: 1_000, noNaN: true }),
  });
  fc.assert(fc.property(usage, price, (some, at) => inLimit(plausibleCostOf(costAt(at, some)))));
  expect(plausibleCostOf({ inputNanoUsd: -1n, outputNanoUsd: 0n, totalNanoUsd: 0n })).toBeUndefined();
  expect(plausibleCostOf(undefined)).toBeUndefined();
});
