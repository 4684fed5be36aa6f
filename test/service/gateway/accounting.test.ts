import { expect, test } from "vitest";
import { USAGE_FIELDS } from "#lib/spans/usage.ts";
import { CALLER } from "../../callers/gateway-client.ts";
import { startGatewayRun } from "../../system/start-gateway.ts";
import { accountsOf } from "../../traces/accounts.ts";

const PRICE = { inputPerMillion: 1, outputPerMillion: 2 };
const TEXT = "one two three four five six";

test("all attempts are summed, and the metrics tell counted tokens from estimated ones, and what has no price", async () => {
  await using run = await startGatewayRun({
    endpoints: {
      falls: { behaviour: { cutAfterChunks: 0, usage: false }, fallback: {}, price: PRICE },
      unpriced: {},
    },
  });
  const told = await run.client.stream({ model: "falls", stream: true, text: TEXT, headers: [CALLER.header] });
  const { usage, view } = await accountsOf(run, told);
  expect(view.attempts.map(({ errorType }) => errorType)).toEqual(["provider_protocol", undefined]);
  const [cut, answered] = view.record.mirror?.spans.slice(1).map((span) => span.usage) ?? [];
  expect(cut).toMatchObject({ outputTokens: 0n, estimated: true });
  expect(answered).toMatchObject({ inputTokens: 6n, outputTokens: 6n });
  expect(usage).toMatchObject({ inputTokens: (cut?.inputTokens ?? 0n) + 6n, outputTokens: 6n, estimated: true });

  await run.client.invoke({ model: "unpriced", text: TEXT });
  const metrics = await run.metrics();
  const tokens = (direction: string, estimated: boolean) =>
    metrics.get(`twinspan_tokens_total{endpoint="falls",direction="${direction}",estimated="${estimated}"}`);
  expect(tokens("input", true)).toBe(Number(cut?.inputTokens));
  expect([tokens("input", false), tokens("output", false)]).toEqual([6, 6]);
  expect(metrics.get('twinspan_attempts_unpriced_total{provider="scripted",model="unpriced-model"}')).toBe(1);

  // By OpenTelemetry's conventions: each request to a provider, and the tokens that were counted.
  const measured = (name: string, ...labels: readonly string[]) =>
    [...metrics].find(
      ([series]) => series.startsWith(`gen_ai_client_${name}{`) && labels.every((label) => series.includes(label)),
    )?.[1];
  const falls = 'twinspan_endpoint="falls"';
  const one = [falls, 'gen_ai_provider_name="scripted"', 'gen_ai_operation_name="chat"'];
  expect(measured("operation_duration_seconds_count", ...one, 'error_type="provider_protocol"')).toBe(1);
  expect(measured("operation_duration_seconds_count", ...one, 'gen_ai_request_model="falls-fallback"')).toBe(1);
  expect(measured("operation_time_to_first_chunk_seconds_count", falls)).toBe(1);
  expect(measured("token_usage_sum", falls, 'gen_ai_request_model="falls-fallback"', 'type="output"')).toBe(6);
  expect(measured("token_usage_sum", falls, 'gen_ai_request_model="falls-model"')).toBeUndefined();
});

test("a hedge that loses is billed for what it came to, and a winner for all of it", async () => {
  await using run = await startGatewayRun({
    endpoints: {
      hedged: {
        behaviour: { delayHeadMs: 2_000 },
        fallback: {},
        price: PRICE,
        settings: { hedgeAfterMs: 20 },
      },
    },
  });
  const told = await run.client.stream({ model: "hedged", stream: true, text: TEXT, headers: [CALLER.header] });
  const { usage, view } = await accountsOf(run, told);
  expect(view.attempts).toHaveLength(2);
  expect(view.attempts.map(({ attributes }) => attributes["gen_ai.usage.input_tokens"])).toEqual([undefined, 6]);
  expect(usage).toMatchObject({ inputTokens: 6n, outputTokens: 6n });
  expect(usage?.estimated).toBeUndefined();
});

test("cached, reasoning and audio tokens reach both twins, each with its own price", async () => {
  const price = {
    inputPerMillion: 10,
    outputPerMillion: 20,
    cacheReadPerMillion: 1,
    audioInputPerMillion: 100,
    perRequest: 0.000_001,
  };
  await using run = await startGatewayRun({
    endpoints: {
      rich: {
        behaviour: { usage: { cachedInput: 100, audioInput: 10 } },
        settings: { models: [{ provider: "scripted", model: "rich-model", price }] },
      },
    },
  });
  const told = await run.client.invoke({ model: "rich", text: TEXT, headers: [CALLER.header] });
  const { usage, view } = await accountsOf(run, told);
  expect(usage).toMatchObject({ cacheReadInputTokens: 100n, audioInputTokens: 10n });
  const plain = (usage?.inputTokens ?? 0n) - 110n;
  expect(told.summary?.cost).toMatchObject({ inputNanoUsd: plain * 10_000n + 100n * 1_000n + 10n * 100_000n });
  expect(view.attempts[0]?.attributes).toMatchObject({
    "gen_ai.usage.cache_read.input_tokens": 100,
    "gen_ai.usage.audio.input_tokens": 10,
    "twinspan.cost.price_version": "configuration",
  });
  const { inputNanoUsd = 0n, outputNanoUsd = 0n, totalNanoUsd = 0n } = told.summary?.cost ?? {};
  expect(totalNanoUsd - inputNanoUsd - outputNanoUsd).toBe(1_000n);
  expect(USAGE_FIELDS.filter((field) => usage?.[field] === undefined)).toEqual(["cacheWriteInputTokens"]);
});
