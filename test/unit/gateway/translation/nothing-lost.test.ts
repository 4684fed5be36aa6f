import type { LanguageModelV4CallOptions, SharedV4ProviderOptions } from "@ai-sdk/provider";
import { expect, test } from "vitest";
import { PROVIDER_KINDS, provider } from "#lib/config/sections/provider.ts";
import { ProviderError } from "../../../../services/gateway/core/provider-error.ts";
import type { ProviderKind } from "../../../../services/gateway/providers/kinds.ts";
import { type Extras, extraOptionsOf } from "../../../../services/gateway/translation/extras.ts";
import { knownLossOf } from "../../../../services/gateway/translation/known-losses.ts";
import { PACKAGES } from "../../../../services/gateway/translation/packages.ts";
import { rehearse, startRehearsal } from "../../../../services/gateway/translation/rehearsal.ts";
import { lossOf, refusalOfPackage } from "../../../../services/gateway/translation/warnings.ts";
import { ASKED, CASES, TOOL } from "./asked-cases.ts";

// What the packages make of each thing that a request can ask: it is in what they send, or the request is refused. A
// package that begins to lose something in silence is found here.

const MODELS: Readonly<Record<ProviderKind, readonly string[]>> = {
  openai: ["gpt-4o", "gpt-5"],
  "openai-compatible": ["some-model"],
  "azure-openai": ["gpt-4o"],
  anthropic: ["claude-sonnet-4-5", "claude-opus-4-7", "claude-3-5-haiku-latest"],
  gemini: ["gemini-2.5-flash", "gemini-3-pro-preview"],
  "amazon-bedrock": [
    "us.amazon.nova-pro-v1:0",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "meta.llama3-70b-instruct-v1:0",
  ],
  "google-vertex": ["gemini-2.5-flash"],
  mistral: ["mistral-large-latest", "magistral-medium-latest"],
  cohere: ["command-a-03-2025", "command-a-reasoning-08-2025"],
  groq: ["llama-3.3-70b-versatile", "openai/gpt-oss-20b"],
  xai: ["grok-4", "grok-3-mini"],
  deepseek: ["deepseek-chat", "deepseek-reasoner"],
  togetherai: ["some-model"],
  fireworks: ["some-model"],
  openrouter: ["openai/gpt-4o"],
  ollama: ["llama3"],
};

const EXTRAS: Readonly<Record<string, readonly [Extras, shows: string]>> = {
  "a user's id": [{ userId: { field: "user", value: "user-text" } }, "user-text"],
  "one tool at a time": [{ singleToolCall: { field: "parallel_tool_calls", value: true } }, "arallel"],
  "a budget of reasoning": [{ reasoningTokensMax: { field: "budget", value: 2345 } }, "2345"],
};

/** What a package would send, or that the request is refused. */
async function sentOf(kind: ProviderKind, model: string, asked: Partial<LanguageModelV4CallOptions>): Promise<string> {
  const options = { prompt: ASKED, ...asked };
  if (knownLossOf(kind, options) !== undefined) return "refused";
  let sent = "";
  const rehearsal = startRehearsal();
  const fetch: typeof globalThis.fetch = (input, init) => {
    sent = String(init?.body);
    return rehearsal.fetch(input, init);
  };
  const settings = provider.parse({ kind, region: "us-east-1", project: "a-project", baseUrl: "http://x.invalid/v1" });
  const make = await PACKAGES[kind].load();
  const chat = make({ options: settings, baseUrl: "http://x.invalid/v1", fetch }).chat?.(model);
  if (chat === undefined) throw new Error(`${kind} has no chats`);
  try {
    const warnings = await rehearse(rehearsal, chat, options);
    return lossOf(warnings, {}) === undefined ? sent : "refused";
  } catch (error) {
    // What a package throws without a kind of its own is no refusal by name.
    if (refusalOfPackage(error, {}) instanceof ProviderError) throw error;
    return "refused";
  }
}

const cells = PROVIDER_KINDS.flatMap((kind) => MODELS[kind].map((model) => [kind, model] as const));

for (const [kind, model] of cells) {
  test(`${kind} sends ${model} what is asked, or refuses it by name`, async () => {
    expect(await sentOf(kind, model, {})).toContain("hello-text");
    const lost: string[] = [];
    for (const [name, { options, shows = [], unlike }] of Object.entries(CASES)) {
      const sent = await sentOf(kind, model, options);
      if (sent === "refused") continue;
      const isShown = shows.every((text) => text.split("|").some((either) => sent.includes(either)));
      const isUnlike = unlike === undefined || sent !== (await sentOf(kind, model, unlike));
      if (!isShown || !isUnlike) lost.push(name);
    }
    for (const [name, [extras, shown]] of Object.entries(EXTRAS)) {
      const tools = name.includes("tool") ? { tools: [TOOL] } : {};
      const providerOptions = extraOptions(kind, extras);
      if (providerOptions === undefined) continue;
      const sent = await sentOf(kind, model, { ...tools, providerOptions });
      if (sent !== "refused" && !sent.includes(shown)) lost.push(name);
    }
    expect(lost).toEqual([]);
  });
}

function extraOptions(kind: ProviderKind, extras: Extras): SharedV4ProviderOptions | undefined {
  try {
    return extraOptionsOf(kind, extras);
  } catch {
    return undefined;
  }
}
