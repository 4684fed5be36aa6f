import { once } from "node:events";
import { createServer } from "node:https";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newCaller } from "../callers/caller.ts";
import { anthropicCaller } from "../callers/dialects/anthropic-messages.ts";
import { type ChatCaller, type Clients, createClients, type Wanted } from "../callers/dialects/dialect-caller.ts";
import { geminiArrayCaller, geminiCaller } from "../callers/dialects/gemini-content.ts";
import { openAiChatCaller } from "../callers/dialects/openai-chat.ts";
import { openAiResponsesCaller } from "../callers/dialects/openai-responses.ts";
import { SELF_SIGNED } from "../certificates/self-signed.ts";
import { type Kind, providerOfKind } from "../neighbours/kind-facts.ts";
import { QUICK, routed, scripted } from "../neighbours/routed.ts";
import { type GatewayRun, type ScriptedEndpoint, startGatewayRun } from "../system/start-gateway.ts";
import { routeOfCall } from "../traces/route-view.ts";

const WORDS = "one two three four five six seven eight nine ten";

/** Who asks whom: relayed as bytes where the provider speaks the dialect, else translated. */
const PATHS: readonly (readonly [name: string, ChatCaller, Kind])[] = [
  ["openai chat, relayed", openAiChatCaller, "openai-compatible"],
  ["openai responses, relayed", openAiResponsesCaller, "openai"],
  ["anthropic, relayed", anthropicCaller, "anthropic"],
  ["gemini's events, relayed", geminiCaller, "gemini"],
  ["gemini's array, relayed", geminiArrayCaller, "gemini"],
  ["openai chat → anthropic, translated", openAiChatCaller, "anthropic"],
  ["anthropic → gemini, translated", anthropicCaller, "gemini"],
  ["gemini's array → amazon-bedrock, translated", geminiArrayCaller, "amazon-bedrock"],
];
const KINDS = [...new Set(PATHS.map(([, , kind]) => kind))];

/** What can go wrong before the first byte, and what that attempt is in both twins. */
const EARLY = [
  ["stall-before-head", "provider_timeout"],
  ["stall-after-0", "provider_timeout"],
  ["cut-before-head", "provider_unavailable"],
  ["reset-before-head", "provider_unavailable"],
  ["cut-after-0", "provider_protocol"],
  ["half-event-0", "provider_protocol"],
  ["garbage-1", "provider_protocol"],
  ["wrong-type-1", "provider_protocol"],
  ["redirect-1", "provider_protocol"],
  ["error-after-0", "provider_unavailable"],
  ["status-500", "provider_unavailable"],
  ["retry-after-60", "provider_rate_limited"],
] as const;

/** What can go wrong after it, and what the call is then. */
const LATE = [
  ["stall-after-5", "provider_timeout"],
  ["cut-after-5", "provider_protocol"],
  ["half-event-5", "provider_protocol"],
  ["reset-after-5", "provider_protocol"],
  ["error-after-5", "provider_unavailable"],
] as const;

const RETRY_SOON = { "retry-after-ms": "20" };

let run: GatewayRun;
let clients: Clients;
const untrusted = createServer(SELF_SIGNED, (_request, response) => response.end("{}"));

beforeAll(async () => {
  untrusted.listen(0, "127.0.0.1");
  await once(untrusted, "listening");
  const bound = untrusted.address();
  const port = typeof bound === "object" ? bound?.port : 0;
  const endpoints = [
    ...KINDS.flatMap((kind) => endpointsOf(kind, `https://127.0.0.1:${port}`)),
    ...PATHS.flatMap(([, , kind], place) => recoveringOf(place, kind)),
  ];
  run = await startGatewayRun({ endpoints: Object.fromEntries(endpoints) });
  clients = createClients(run.gateway.address);
});
afterAll(async () => {
  clients[Symbol.dispose]();
  await run[Symbol.asyncDispose]();
  untrusted.close();
});

/** The endpoints of a kind, each with a fault of its own; the fallback is always well. */
function endpointsOf(kind: Kind, untrustedUrl: string): readonly (readonly [string, ScriptedEndpoint])[] {
  const at = (url: string) => providerOfKind(kind, url);
  const settings = { timeouts: { firstByteMs: 150, idleMs: 150 }, fallbacks: [scripted("echo-1", { of: kind })] };
  const faulty = [...EARLY, ...LATE].map(
    ([model]) => [model, routed([scripted(model, { of: kind })], settings)] as const,
  );
  const all: readonly (readonly [string, ScriptedEndpoint])[] = [
    ...faulty,
    ["untrusted", { provider: () => at(untrustedUrl), settings }],
    ["unreachable", { provider: () => at("http://127.0.0.1:1"), settings }],
    ["large", routed([scripted("bytes-10000000", { of: kind })])],
  ];
  return [[kind, { provider: at }], ...all.map(([name, endpoint]) => [`${kind}-${name}`, endpoint] as const)];
}

/** The endpoints that fail once and are well then: how often they have failed is remembered, so each path has its own. */
function recoveringOf(place: number, kind: Kind): readonly (readonly [string, ScriptedEndpoint])[] {
  const provider = (url: string) => providerOfKind(kind, url);
  const settings = { retries: { ...QUICK, delayMaxMs: 1_000 } };
  return [
    [`500-${place}`, { provider, settings, behaviour: { status: 500, failTimes: 1 } }],
    [`429-${place}`, { provider, settings, behaviour: { status: 429, failTimes: 1, headers: RETRY_SOON } }],
  ];
}

/** Streams from an endpoint, and tells what the caller heard and the way the call took, which both twins tell alike. */
async function ask(caller: ChatCaller, endpoint: string, also: Partial<Wanted> = {}) {
  const { traceparent } = newCaller();
  const heard = await caller.call(clients, { endpoint, question: WORDS, stream: true, traceparent, ...also });
  return { heard, ...(await routeOfCall(run, heard)) };
}

describe.each(PATHS)("%s", (name, caller, kind) => {
  const isTranslated = name.endsWith("translated");

  test.concurrent.each(EARLY)("before the first byte, %s is %s, and the fallback answers", async (model, errorType) => {
    const { heard, route, view } = await ask(caller, `${kind}-${model}`);
    expect(heard).toMatchObject({ failure: undefined, error: undefined, status: 200, text: WORDS });
    expect(view.root.outputs).toContain(WORDS);
    expect(view.root.errorType).toBeUndefined();
    // A package that translates reads events whatever they are called.
    if (isTranslated && model === "wrong-type-1") return expect(route).toEqual([`${model} first ok`]);
    expect(route).toEqual([`${model} first ${errorType}`, "echo-1 fallback ok"]);
    expect(view.attempts[0]?.errorText).not.toBe("");
  });

  test.concurrent.each([
    ["untrusted", "SELF_SIGNED"],
    ["unreachable", "ECONNREFUSED"],
  ])("a provider that is %s is never sent a word, and the trace says why", async (fault, code) => {
    const { heard, route, view } = await ask(caller, `${kind}-${fault}`);
    expect(heard).toMatchObject({ error: undefined, text: WORDS });
    expect(route).toEqual([`${kind}-${fault}-model first provider_unavailable`, "echo-1 fallback ok"]);
    expect(view.attempts[0]?.errorText).toContain(code);
  });

  test.concurrent.each(LATE)("after the first byte, %s ends the call as %s", async (model, errorType) => {
    const { heard, route, view } = await ask(caller, `${kind}-${model}`);
    expect(heard).toMatchObject({ failure: undefined, status: 200, error: expect.anything() });
    expect(route).toEqual([`${model} first ${errorType}`]);
    expect(view.root.errorType).toBe(errorType);
    // What came before is the caller's, and in the record.
    expect(heard.text).not.toBe("");
    expect(WORDS.startsWith(heard.text)).toBe(true);
    expect(view.root.outputs).toContain(heard.text);
  });

  test.each([
    ["500", "provider_unavailable"],
    ["429", "provider_rate_limited"],
  ])("a %s, and the same model is tried again, and answers", async (status, errorType) => {
    const endpoint = `${status}-${PATHS.findIndex(([path]) => path === name)}`;
    const { heard, route } = await ask(caller, endpoint);
    expect(heard).toMatchObject({ error: undefined, text: WORDS });
    expect(route).toEqual([`${endpoint}-model first ${errorType}`, `${endpoint}-model retry ok`]);
  });

  // A response says all of it again in its last event: that is larger than an event may be.
  const forms = caller === openAiResponsesCaller ? [false] : [true, false];
  test.each(forms)("an answer of 10 MB comes whole, and is recorded up to its limit (stream: %s)", async (stream) => {
    const { heard, route, view } = await ask(caller, `${kind}-large`, { stream });
    expect(heard).toMatchObject({ failure: undefined, error: undefined });
    expect(heard.text).toHaveLength(10_000_000);
    expect(route).toEqual(["bytes-10000000 first ok"]);
    expect(view.root.outputs.length).toBeLessThanOrEqual(8 * 1024 * 1024);
  });
});

test("an event of 10 MB is too long: what came before it is told, and the limit", async () => {
  const { heard, route } = await ask(openAiResponsesCaller, "openai-large");
  expect(heard.error).toMatchObject({ code: "provider_protocol", message: expect.stringContaining("eventBytesMax") });
  expect(heard.text).toHaveLength(10_000_000);
  expect(route).toEqual(["bytes-10000000 first provider_protocol"]);
});
