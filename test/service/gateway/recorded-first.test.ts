import { setImmediate as turn } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Authority } from "#lib/auth/authority.ts";
import { NOBODY } from "#lib/auth/identity.ts";
import { createClock } from "#lib/clock.ts";
import { configSchema } from "#lib/config/schema.ts";
import { createLogger } from "#lib/logger.ts";
import type { InvokeStreamResponse } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { Behaviour } from "../../../examples/scripted-provider/behaviour.ts";
import { type ScriptedProvider, startScriptedProvider } from "../../../examples/scripted-provider/scripted-provider.ts";
import { RecordWriter } from "../../../services/gateway/core/twins/record.ts";
import { openAiChat } from "../../../services/gateway/dialects/openai-chat/openai-chat.ts";
import { LiveEndpoints } from "../../../services/gateway/endpoints/live-endpoints.ts";
import { type InvocationCall, invoke } from "../../../services/gateway/invocation/invoke.ts";
import { startAllowances } from "../../../services/gateway/limits/start-allowances.ts";
import { GatewayMetrics } from "../../../services/gateway/metrics/gateway-metrics.ts";
import type { Written } from "../../../services/gateway/outbox/commit-loop.ts";
import type { Outbox } from "../../../services/gateway/outbox/outbox.ts";
import { NOTHING_SHED, type OutboxState } from "../../../services/gateway/outbox/outbox-state.ts";
import { RoutingMemory } from "../../../services/gateway/routing/routing-memory.ts";
import { until } from "../../../tools/until.ts";
import { bodyOf } from "../../callers/gateway-client.ts";
import { configOf } from "../../system/start-gateway.ts";

const STATE: OutboxState = {
  records: 0,
  bytes: 0,
  oldestMs: undefined,
  shipped: 0,
  retries: 0,
  mirrorsRefused: 0,
  shed: NOTHING_SHED,
  damagedPlaces: 0,
  damage: undefined,
  trouble: undefined,
};

/** Ways for a call to end, by endpoint. */
const ENDS: Readonly<Record<string, Behaviour>> = {
  whole: {},
  refused: { status: 422 },
  "refused-key": { status: 401 },
  unreachable: { cutBeforeHead: true },
  broken: { cutAfterChunks: 3 },
  "error-event": { errorAfterChunks: 2 },
};

const log = createLogger("gateway", "silent");
const routing = new RoutingMemory(log);
let provider: ScriptedProvider;
let endpoints: LiveEndpoints;
beforeAll(async () => {
  const behaviours = Object.fromEntries(Object.entries(ENDS).map(([name, behaviour]) => [`${name}-model`, behaviour]));
  provider = await startScriptedProvider({ listen: "127.0.0.1:0", behaviours });
  const script = { endpoints: Object.fromEntries(Object.keys(ENDS).map((name) => [name, {}])) };
  endpoints = new LiveEndpoints(configOf(script, "unused", provider.url, "127.0.0.1:1"), routing);
});
afterAll(async () => {
  await endpoints[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

/** An outbox whose disk answers when the test says so. */
function slowOutbox() {
  const begun = { isAsked: false, ...Promise.withResolvers<Written>() };
  const finished = { isAsked: false, ...Promise.withResolvers<Written>() };
  const outbox: Outbox = {
    begin() {
      begun.isAsked = true;
      return begun.promise;
    },
    finish() {
      finished.isAsked = true;
      return finished.promise;
    },
    state: () => STATE,
    async [Symbol.asyncDispose]() {},
  };
  return { outbox, begun, finished };
}

/** Reads a call to its end, and tells what has come so far. */
function read(outbox: Outbox, model: string, stream: boolean) {
  const { limits } = configOf({ endpoints: {} }, "unused", provider.url, "127.0.0.1:1").gateway;
  const metrics = new GatewayMetrics({ state: () => STATE, bytesMax: 1 }, routing);
  const { allowances } = startAllowances(configSchema.parse({}).limits, metrics.registry, log);
  const authority = new Authority({ auth: "none", workspaces: [] });
  const gateway = {
    authority,
    onRefused() {},
    endpoints,
    outbox,
    records: new RecordWriter(),
    allowances,
    metrics,
    limits,
    clock: createClock(),
    random: Math.random,
    access() {},
    log,
  };
  const none = undefined;
  const call: InvocationCall = {
    invocation: {
      dialect: Dialect.DIALECT_OPENAI_CHAT,
      endpoint: "",
      body: bodyOf({ model, stream }),
      target: undefined,
      headers: [],
      credentials: [],
    },
    dialect: openAiChat,
    identity: NOBODY,
    requestId: none,
    caller: { product: none, session: none, user: none, run: none, serverUrl: none, experiment: none },
    callerContext: none,
    takesStream: true,
    signal: new AbortController().signal,
    onTraced: () => {},
    onCounted: () => {},
    onAccepted: () => {},
    onEnded: () => {},
  };
  const told: { pieces: InvokeStreamResponse[]; hasEnded: boolean } = { pieces: [], hasEnded: false };
  const reading = (async () => {
    try {
      for await (const piece of invoke(gateway, call)) told.pieces.push(piece);
    } catch {
      // A call without an answer: its end is what is waited for here.
    }
    told.hasEnded = true;
  })();
  return { told, reading };
}

test.each(Object.keys(ENDS).flatMap((model) => [true, false].map((stream) => [model, stream] as const)))(
  "%s (stream: %s): no provider is called before the note is committed, no end is told before the record is",
  async (model, stream) => {
    const { outbox, begun, finished } = slowOutbox();
    const { told, reading } = read(outbox, model, stream);
    const before = provider.requests.length;
    await until("the begin is asked for", () => begun.isAsked);
    // A request that was on its way would be there before this one is answered.
    await fetch(`${provider.url}/models`);
    expect(provider.requests.slice(before).filter(({ body }) => body !== "")).toEqual([]);

    begun.resolve("in_time");
    await until("the end is asked for", () => finished.isAsked);
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect(told.hasEnded).toBe(false);
    expect(told.pieces.filter(({ summary }) => summary !== undefined)).toEqual([]);
    const soFar = Buffer.concat(told.pieces.map(({ chunk }) => chunk)).toString();
    expect(soFar).not.toContain("[DONE]");
    expect(soFar).not.toContain('"error"');

    finished.resolve("in_time");
    await reading;
    expect(told.hasEnded).toBe(true);
  },
);
