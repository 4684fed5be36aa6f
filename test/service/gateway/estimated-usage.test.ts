import { expect, test } from "vitest";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { type Ask, CALLER } from "../../callers/gateway-client.ts";
import { type ScriptedEndpoint, startGatewayRun } from "../../system/start-gateway.ts";
import { accountsOf } from "../../traces/accounts.ts";

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
