import { expect, test } from "vitest";
import { sumOfCosts, sumOfUsages, totalsAttributesOf, USAGE_FIELDS } from "#lib/spans/usage.ts";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { type Ask, CALLER, type Told } from "../../callers/gateway-client.ts";
import { type GatewayRun, type ScriptedEndpoint, startGatewayRun } from "../../system/start-gateway.ts";
import { type RecordView, recordOfCall } from "../../traces/record-view.ts";

const PRICE = { inputPerMillion: 1, outputPerMillion: 2 };
const TEXT = "one two three four five six";
/** A stream of OpenAI's has a chunk for the role, six words, the reason, the usage and the end; one of Anthropic's some more. */
const CHUNKS = 12;
const CHUNKS_TO_USAGE = 9;

const ANTHROPIC = (baseUrl: string) => ({
  kind: "anthropic",
  apiKey: "the-key",
  baseUrl: baseUrl.replace(/\/v1$/, "/anthropic/v1"),
});
const anthropicAsk = (model: string): Ask => ({
  model,
  stream: true,
  text: TEXT,
  also: { max_tokens: 1000 },
  invocation: { dialect: Dialect.DIALECT_ANTHROPIC_MESSAGES },
});

/**
 * The usage of a call that every place agrees on: the sum over its full trace's attempts is the mirror's gateway span's, and
 * the summary's where there is one; so is the cost.
 */
async function accountsOf(
  run: GatewayRun,
  told: Told,
): Promise<{ readonly usage: Usage | undefined; readonly view: RecordView }> {
  const view = await recordOfCall(run, told);
  const [gateway, ...mirrored] = view.record.mirror?.spans ?? [];
  const usage = sumOfUsages(mirrored.map((span) => span.usage));
  const cost = sumOfCosts(mirrored.map((span) => span.cost));
  expect([gateway?.usage, gateway?.cost]).toEqual([usage, cost]);
  if (told.summary !== undefined) expect([told.summary.usage, told.summary.cost]).toEqual([usage, cost]);
  for (const [index, { attributes }] of view.attempts.entries()) {
    const said = totalsAttributesOf(mirrored[index]?.usage, mirrored[index]?.cost);
    for (const [key, value] of Object.entries(said)) {
      expect(attributes[key], key).toBe(typeof value === "bigint" ? Number(value) : value);
    }
  }
  return { usage, view };
}

function cutEndpoints(provider?: ScriptedEndpoint["provider"]): Record<string, ScriptedEndpoint> {
  return Object.fromEntries(
    Array.from({ length: CHUNKS }, (_, index) => [
      `cut-${index}`,
      { behaviour: { cutAfterChunks: index }, price: PRICE, ...(provider && { provider }) },
    ]),
  );
}

test("a stream that the provider cuts at any chunk has a usage: its own where it came to say it, else a marked estimate", async () => {
  await using run = await startGatewayRun({ endpoints: cutEndpoints() });
  const outputs: bigint[] = [];
  for (let chunks = 0; chunks < CHUNKS; chunks += 1) {
    const told = await run.client.stream({
      model: `cut-${chunks}`,
      stream: true,
      text: TEXT,
      headers: [CALLER.header],
    });
    const { usage, view } = await accountsOf(run, told);
    if (chunks >= CHUNKS_TO_USAGE) {
      expect(usage).toMatchObject({ inputTokens: 6n, outputTokens: 6n });
      expect(usage?.estimated).toBeUndefined();
      continue;
    }
    expect(view.root.errorType).toBe("provider_protocol");
    expect(usage?.inputTokens).toBeGreaterThan(0n);
    outputs.push(usage?.outputTokens ?? -1n);
    const cost = view.record.mirror?.spans[0]?.cost;
    expect(cost).toMatchObject({ priceVersion: "configuration" });
    expect(cost?.totalNanoUsd).toBeGreaterThan(0n);
    expect(usage?.estimated, `cut after ${chunks}`).toBe(true);
    expect(view.attempts[0]?.attributes).toMatchObject({ "twinspan.usage.estimated": true });
  }
  expect(outputs.at(0)).toBe(0n);
  expect(outputs).toEqual(outputs.toSorted((a, b) => Number(a - b)));
  expect(outputs.at(-1)).toBeGreaterThanOrEqual(5n);
});

test("so has one that the caller hangs up on", async () => {
  await using run = await startGatewayRun({ endpoints: { slow: { behaviour: { chunkDelayMs: 20 }, price: PRICE } } });
  for (let messages = 1; messages < 8; messages += 1) {
    const ask: Ask = { model: "slow", stream: true, text: TEXT, headers: [CALLER.header], hangUpAfter: messages };
    const { usage, view } = await accountsOf(run, await run.client.stream(ask));
    expect(view.root.errorType).toBe("cancelled");
    expect(usage?.inputTokens).toBeGreaterThan(0n);
    expect(usage?.outputTokens).toBeGreaterThanOrEqual(BigInt(messages - 2));
    expect(usage?.estimated).toBe(true);
  }
});

test("so has one whose caller's deadline passes", async () => {
  await using run = await startGatewayRun({
    endpoints: { stalls: { behaviour: { stallAfterChunks: 4 }, price: PRICE } },
  });
  const options = { deadline: Date.now() + 1_000 };
  const told = await run.client.stream({
    model: "stalls",
    stream: true,
    text: TEXT,
    headers: [CALLER.header],
    options,
  });
  const { usage, view } = await accountsOf(run, told);
  expect(view.root.errorType).toBe("deadline_exceeded");
  expect(usage).toMatchObject({ estimated: true });
  expect(usage?.outputTokens).toBeGreaterThanOrEqual(3n);
});

test("what Anthropic says of its input at the beginning stays exact, however its answer is cut", async () => {
  await using run = await startGatewayRun({ endpoints: cutEndpoints(ANTHROPIC) });
  let estimates = 0;
  for (let chunks = 0; chunks < CHUNKS; chunks += 1) {
    const told = await run.client.stream({ ...anthropicAsk(`cut-${chunks}`), headers: [CALLER.header] });
    const { usage, view } = await accountsOf(run, told);
    // Its first chunk says the input.
    if (chunks > 0) expect(usage?.inputTokens).toBe(6n);
    else expect(usage?.inputTokens).toBeGreaterThan(0n);
    expect(usage?.estimated ?? false, `cut after ${chunks}`).toBe(
      view.attempts[0]?.attributes["twinspan.usage.estimated"] ?? false,
    );
    if (usage?.estimated) estimates += 1;
    else expect(usage).toMatchObject({ inputTokens: 6n, outputTokens: 6n });
  }
  expect(estimates).toBeGreaterThan(5);
});

test("an answer whose provider tells no usage has an estimate, streamed or whole, and one that is cut in its body too", async () => {
  await using run = await startGatewayRun({
    endpoints: {
      silent: { behaviour: { usage: false }, price: PRICE },
      halved: { behaviour: { cutAfterChunks: 1 }, price: PRICE },
    },
  });
  for (const stream of [true, false]) {
    const told = await run.client.stream({ model: "silent", stream, text: TEXT, headers: [CALLER.header] });
    const { usage, view } = await accountsOf(run, told);
    expect(view.root.errorType).toBeUndefined();
    expect(usage).toMatchObject({ estimated: true });
    expect(usage?.outputTokens).toBeGreaterThanOrEqual(6n);
    expect(usage?.totalTokens).toBe((usage?.inputTokens ?? 0n) + (usage?.outputTokens ?? 0n));
  }
  const { usage, view } = await accountsOf(
    run,
    await run.client.invoke({ model: "halved", text: TEXT, headers: [CALLER.header] }),
  );
  expect(view.root.errorType).toBe("provider_protocol");
  expect(usage).toMatchObject({ estimated: true });
  expect(usage?.inputTokens).toBeGreaterThan(0n);
});

test("nothing is estimated of what no model has answered", async () => {
  await using run = await startGatewayRun({
    endpoints: {
      refuses: { behaviour: { status: 400 }, price: PRICE },
      breaks: { behaviour: { status: 503 }, price: PRICE },
      garbage: { behaviour: { garbage: true }, price: PRICE },
      gone: { behaviour: { cutBeforeHead: true }, price: PRICE },
    },
  });
  for (const model of ["refuses", "breaks", "garbage", "gone"]) {
    const told = await run.client.invoke({ model, text: TEXT, headers: [CALLER.header] });
    expect((await accountsOf(run, told)).usage, model).toBeUndefined();
    expect(told.summary?.cost).toBeUndefined();
  }
});

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
