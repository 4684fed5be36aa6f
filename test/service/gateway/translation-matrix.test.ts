import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROVIDER_KINDS } from "#lib/config/sections/provider.ts";
import type { Behaviour } from "../../../examples/scripted-provider/behaviour.ts";
import { VENDORS } from "../../../examples/scripted-provider/vendors.ts";
import { CALLER, type Told } from "../../helpers/gateway-client.ts";
import { type RecordView, recordOfCall } from "../../helpers/record-view.ts";
import { type GatewayRun, type ScriptedEndpoint, startGatewayRun } from "../../helpers/start-gateway.ts";
import { anthropicCaller, openAiCaller, QUESTION, type Read, type Wanted } from "../../helpers/translated-call.ts";
import { geminiCaller } from "../../helpers/translated-gemini.ts";
import { responsesCaller } from "../../helpers/translated-responses.ts";

// Callers of four formats reach every kind of provider, most of them in translation: what comes back, and what both twins
// know of it, does not depend on who speaks what.

type Kind = (typeof PROVIDER_KINDS)[number];

const CALLERS = {
  openai: openAiCaller,
  anthropic: anthropicCaller,
  gemini: geminiCaller,
  responses: responsesCaller,
} as const;
type CallerName = keyof typeof CALLERS;

/** What each format calls the reasons of an answer's end. */
const FINISH = {
  openai: { stop: "stop", tools: "tool_calls", length: "length" },
  anthropic: { stop: "end_turn", tools: "tool_use", length: "max_tokens" },
  gemini: { stop: "STOP", tools: "STOP", length: "MAX_TOKENS" },
  responses: { stop: "completed", tools: "completed", length: "max_output_tokens" },
} as const;

/** What the models of the endpoints do, an endpoint a kind and behaviour. */
const BEHAVIOURS = {
  plain: {},
  tools: { toolCall: true },
  length: { finish: "length" },
  reasons: { reasoning: true },
  cached: { usage: { cachedInput: 7 } },
  limited: { status: 429, retryAfter: 2 },
  broken: { status: 500 },
  denied: { status: 401 },
  cut: { cutAfterChunks: 5 },
  fails: { errorAfterChunks: 5 },
  garbage: { garbage: true },
} as const satisfies Record<string, Behaviour>;
type BehaviourName = keyof typeof BEHAVIOURS;

/** The providers whose packages cannot read an error in the middle of a stream: to them it is garbage. */
const TELLS_NO_ERROR: readonly Kind[] = ["mistral", "cohere"];
/** The providers whose chat completions do not tell their reasoning, so that no translation can. */
const TELLS_NO_REASONING: readonly Kind[] = ["openai", "azure-openai"];
/** The providers whose format has no word for what is read from a cache. */
const TELLS_NO_CACHE: readonly Kind[] = ["cohere", "ollama"];

function settingsOf(kind: Kind, url: string): Record<string, unknown> {
  const vendor = VENDORS[kind === "openai-compatible" ? "openai" : kind];
  const baseUrl = `${new URL(url).origin}${vendor.prefix}${vendor.base}`.replace(/(\/azure\/openai)\/v1$/, "$1");
  const google = kind === "google-vertex" ? { project: "scripted", region: "global" } : {};
  const bedrock = kind === "amazon-bedrock" ? { region: "us-east-1" } : {};
  return { kind, baseUrl, apiKey: "the-key", ...google, ...bedrock };
}

function endpointsOf(): Record<string, ScriptedEndpoint> {
  const endpoints: Record<string, ScriptedEndpoint> = {};
  for (const kind of PROVIDER_KINDS) {
    for (const [name, behaviour] of Object.entries(BEHAVIOURS)) {
      endpoints[`${kind}-${name}`] = { behaviour, provider: (url) => settingsOf(kind, url) };
    }
  }
  return endpoints;
}

/** A call, all that came of it, and what its traces say. */
interface Outcome {
  readonly told: Told;
  readonly read: Read;
  readonly view: RecordView;
}

let run: GatewayRun;
beforeAll(async () => {
  run = await startGatewayRun({ endpoints: endpointsOf() });
}, 60_000);
afterAll(() => run[Symbol.asyncDispose]());

async function call(caller: CallerName, kind: Kind, name: BehaviourName, wanted: Wanted = {}): Promise<Outcome> {
  const format = CALLERS[caller];
  const ask = { ...format.asking(`${kind}-${name}`, wanted), headers: [CALLER.header] };
  const told = await (wanted.stream ? run.client.stream(ask) : run.client.invoke(ask));
  return { told, read: format.read(told, wanted), view: await recordOfCall(run, told) };
}

/** Both twins say the same of the call's tokens and of how it ended; no payload is in the mirror. */
function expectTwins({ told, view }: Outcome, errorType: string, usage: object | undefined): void {
  expect(told.summary?.errorType ?? errorType).toBe(errorType);
  expect(view.mirrorErrorTypes).toEqual([errorType, errorType]);
  expect(view.root.errorType ?? "").toBe(errorType);
  const mirrored = view.record.mirror?.spans[1]?.usage;
  if (usage !== undefined) {
    expect(mirrored).toMatchObject(usage);
    expect(told.summary?.usage).toMatchObject(usage);
  }
  const [attempt] = view.attempts;
  expect(attempt?.attributes["gen_ai.usage.input_tokens"]).toBe(
    mirrored?.inputTokens === undefined ? undefined : Number(mirrored.inputTokens),
  );
}

const WORDS = { inputTokens: 5n, outputTokens: 5n, totalTokens: 10n };

for (const caller of ["openai", "anthropic", "gemini", "responses"] as const) {
  describe(`a caller of ${caller}'s format`, () => {
    for (const kind of PROVIDER_KINDS) {
      describe(`at ${kind}`, () => {
        for (const stream of [false, true]) {
          const how = stream ? "in a stream" : "whole";

          test(`is answered ${how}, and both twins know the exact usage`, async () => {
            const outcome = await call(caller, kind, "plain", { stream });
            expect(outcome.told.error).toBeUndefined();
            expect(outcome.told.head?.status).toBe(200);
            expect(outcome.read).toMatchObject({ text: QUESTION, finish: FINISH[caller].stop, error: undefined });
            expectTwins(outcome, "", WORDS);
          });

          test(`calls a tool ${how}`, async () => {
            const outcome = await call(caller, kind, "tools", { stream, tools: true });
            expect(outcome.told.error).toBeUndefined();
            const [called] = outcome.read.toolCalls;
            expect(called).toMatchObject({ name: "weather", input: { city: expect.any(String) } });
            expect(outcome.read.finish).toBe(FINISH[caller].tools);
            expectTwins(outcome, "", {});
          });

          test(`reads the model's reasoning ${how}, and it is counted`, async () => {
            const outcome = await call(caller, kind, "reasons", { stream });
            const isRelayed = caller === "openai" || caller === "responses";
            const isTold = isRelayed || !TELLS_NO_REASONING.includes(kind);
            expect(outcome.read.text).toBe(QUESTION);
            expect(outcome.read.reasoning).toBe(isTold ? `Let me think about: ${QUESTION}` : "");
            expectTwins(outcome, "", { inputTokens: 5n, outputTokens: 14n, totalTokens: 19n });
          });

          test(`is told ${how} that its answer was cut short`, async () => {
            const outcome = await call(caller, kind, "length", { stream });
            expect(outcome.read.finish).toBe(FINISH[caller].length);
            expectTwins(outcome, "", WORDS);
          });

          test(`has an image seen, asked ${how}`, async () => {
            const outcome = await call(caller, kind, "plain", { stream, image: true });
            expect(outcome.told.error).toBeUndefined();
            expect(outcome.read.text).toContain(QUESTION);
            expectTwins(outcome, "", { inputTokens: 105n });
          });

          test.skipIf(TELLS_NO_CACHE.includes(kind))(`has what was read from a cache counted, ${how}`, async () => {
            const outcome = await call(caller, kind, "cached", { stream });
            expectTwins(outcome, "", { inputTokens: 12n, cacheReadInputTokens: 7n, outputTokens: 5n });
          });

          test(`gets the provider's refusal in its own format, asked ${how}`, async () => {
            const outcome = await call(caller, kind, "limited", { stream });
            expect(outcome.told.head?.status).toBe(429);
            expect(outcome.told.head?.headers).toContainEqual({ name: "retry-after", value: "2" });
            expect(outcome.read.error).toEqual(expect.any(String));
            expectTwins(outcome, "provider_rate_limited", undefined);
            const broken = await call(caller, kind, "broken", { stream });
            expect(broken.told.head?.status).toBe(500);
            expectTwins(broken, "provider_unavailable", undefined);
          });

          test(`is not told what the provider said of our key, asked ${how}`, async () => {
            const outcome = await call(caller, kind, "denied", { stream });
            expect(outcome.told.error?.details).toContain("refused the gateway's credentials");
            expect(outcome.told.body).toBe("");
            expectTwins(outcome, "provider_auth", undefined);
          });

          test(`is not answered with garbage, asked ${how}`, async () => {
            const outcome = await call(caller, kind, "garbage", { stream });
            expect(outcome.view.mirrorErrorTypes).toEqual(["provider_protocol", "provider_protocol"]);
          });
        }

        test("is told when its stream breaks off, after what came before", async () => {
          const outcome = await call(caller, kind, "cut", { stream: true });
          expect(outcome.read.error).toEqual(expect.any(String));
          expect(QUESTION.startsWith(outcome.read.text)).toBe(true);
          expectTwins(outcome, "provider_protocol", undefined);
        });

        test("is told what the provider tells in the middle of a stream", async () => {
          const outcome = await call(caller, kind, "fails", { stream: true });
          expect(outcome.read.error).toEqual(expect.any(String));
          const isGarbage = TELLS_NO_ERROR.includes(kind);
          expectTwins(outcome, isGarbage ? "provider_protocol" : "provider_unavailable", undefined);
          expect(outcome.view.attempts[0]?.errorText).not.toBe("");
        });
      });
    }
  });
}
