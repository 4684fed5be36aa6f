import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ScriptedProvider } from "../../examples/scripted-provider/scripted-provider.ts";
import { newCaller } from "../callers/caller.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { type ExpectedCall, expectTwinsOf, type Twins } from "../traces/twins.ts";
import { ENDS, type SdkName, type Talk, talkTo } from "./sdk-callers.ts";

// Callers keep the SDK they have, whoever answers: each of these talks to providers of other formats through twinspan.

const SDKS = ["anthropic", "gemini", "responses"] as const;
const PROVIDERS = {
  chat: () => ({}),
  anthropic: (provider: ScriptedProvider) => ({ kind: "anthropic", baseUrl: provider.at("anthropic") }),
  gemini: (provider: ScriptedProvider) => ({ kind: "gemini", baseUrl: provider.at("gemini") }),
  bedrock: (provider: ScriptedProvider) => ({
    kind: "amazon-bedrock",
    region: "us-east-1",
    baseUrl: provider.at("amazon-bedrock"),
  }),
} as const;
const NAMES = ["chat", "anthropic", "gemini", "bedrock"] as const;
type ProviderName = (typeof NAMES)[number];
const MODELS = ["echo-1", "tools-1", "reasons-1", "status-429", "status-500", "error-after-3", "cut-after-3"] as const;
type Model = (typeof MODELS)[number];

const TEXT = "hello from the SDK";

let stack: Stack;
beforeAll(async () => {
  const withKeys = NAMES.map((name) => {
    return [name, (provider: ScriptedProvider) => ({ apiKey: "the-key", ...PROVIDERS[name](provider) })] as const;
  });
  const endpoints = NAMES.flatMap((provider) =>
    MODELS.map((model) => ({ name: `${provider}-${model}`, models: [{ provider, model }] })),
  );
  stack = await startStack({ models: [], providers: Object.fromEntries(withKeys), endpoints });
});
afterAll(() => stack[Symbol.asyncDispose]());

interface Call {
  readonly talk: Talk;
  twins(expected?: Omit<ExpectedCall, "endpoint">): Promise<Twins>;
}

function callOf(sdk: SdkName, provider: ProviderName, model: Model): Call {
  const endpoint = `${provider}-${model}`;
  const caller = newCaller();
  return {
    talk: talkTo(sdk, stack.url, endpoint, caller),
    twins: (expected = {}) => expectTwinsOf(stack, caller, { endpoint, ...expected }),
  };
}

describe.concurrent.each(SDKS)("a caller with the SDK of %s", (sdk) => {
  describe.each(NAMES)("at a provider of %s", (provider) => {
    describe.each([false, true])("streaming: %s", (stream) => {
      test("is answered, and both twins count what the provider counted", async () => {
        const { talk, twins } = callOf(sdk, provider, "echo-1");
        const heard = await talk.ask({ text: TEXT, stream });
        expect(heard).toMatchObject({ text: TEXT, end: ENDS[sdk].stop, usage: { input: 4, output: 4 } });
        const { full } = await twins();
        expect(full.outputs).toContain(TEXT);
        expect(full.trace.info?.usage).toMatchObject({ inputTokens: 4n, outputTokens: 4n, totalTokens: 8n });
      });

      test("shows a picture", async () => {
        const { talk, twins } = callOf(sdk, provider, "echo-1");
        const heard = await talk.ask({ text: TEXT, stream, image: true });
        expect(heard.text).toContain(TEXT);
        expect(heard.usage.input).toBe(104);
        await twins();
      });

      test("hears the model reason", async () => {
        const { talk, twins } = callOf(sdk, provider, "reasons-1");
        const heard = await talk.ask({ text: TEXT, stream });
        expect(heard.text).toBe(TEXT);
        expect(heard.reasoning).not.toBe("");
        await twins();
      });

      test("gives a tool's result to the model that called it, with all that it said", async () => {
        const first = callOf(sdk, provider, "tools-1");
        const heard = await first.talk.ask({ text: TEXT, stream, tool: true });
        expect(heard).toMatchObject({ calls: [{ city: expect.any(String) }], end: ENDS[sdk].tool });
        const last = await first.talk.giveResult("it is found");
        expect(last).toMatchObject({ calls: [], end: ENDS[sdk].stop });
        expect(last.text).toContain("it is found");
      });

      test.each([
        ["status-429", 429, "provider_rate_limited"],
        ["status-500", 500, "provider_unavailable"],
      ] as const)(
        "is refused as the provider refuses (%s), in the SDK's own exception",
        async (model, status, errorType) => {
          const { talk, twins } = callOf(sdk, provider, model);
          await expect(talk.ask({ text: TEXT, stream })).rejects.toMatchObject({ status });
          await twins({ errorType });
        },
      );
    });

    test.each([
      ["error-after-3", "provider_unavailable"],
      ["cut-after-3", "provider_protocol"],
    ] as const)("is told of a stream that fails in the middle (%s)", async (model, errorType) => {
      const { talk, twins } = callOf(sdk, provider, model);
      await expect(talk.ask({ text: "one two three four five six seven", stream: true })).rejects.toThrow();
      await twins({ errorType });
    });
  });
});

test("what Gemini signs goes through the hands of every SDK, and back to Gemini", async () => {
  for (const sdk of SDKS) {
    const { talk } = callOf(sdk, "gemini", "tools-1");
    await talk.ask({ text: TEXT, stream: true, tool: true });
    await talk.giveResult("it is found");
    const sent = JSON.parse(stack.provider.requests.at(-1)?.body ?? "");
    const call = sent.contents.flatMap(({ parts }: Content) => parts).find(({ functionCall }: Part) => functionCall);
    expect(Buffer.from(call.thoughtSignature, "base64").toString()).toMatch(/^signed /);
  }
});

interface Content {
  readonly parts: readonly Part[];
}
interface Part {
  readonly functionCall?: object;
}
