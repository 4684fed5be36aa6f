import type {
  JSONSchema7,
  LanguageModelV4CallOptions,
  LanguageModelV4FilePart,
  LanguageModelV4FunctionTool,
  LanguageModelV4Prompt,
  SharedV4ProviderOptions,
} from "@ai-sdk/provider";
import { expect, test } from "vitest";
import { PROVIDER_KINDS, provider } from "#lib/config/sections/provider.ts";
import type { ProviderKind } from "../../../../services/gateway/providers/kinds.ts";
import { type Extras, extraOptionsOf } from "../../../../services/gateway/translation/extras.ts";
import { knownLossOf } from "../../../../services/gateway/translation/known-losses.ts";
import { PACKAGES } from "../../../../services/gateway/translation/packages.ts";
import { rehearse, startRehearsal } from "../../../../services/gateway/translation/rehearsal.ts";
import { lossOf, refusalOfPackage } from "../../../../services/gateway/translation/warnings.ts";

// What the packages make of each thing that a request can ask: it is in what they send, or the request is refused. A package
// that begins to lose something in silence is found here.

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

const ASKED: LanguageModelV4Prompt = [{ role: "user", content: [{ type: "text", text: "hello-text" }] }];
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const PDF = "JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSPj4K";
const WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=";
const SCHEMA: JSONSchema7 = {
  type: "object",
  properties: { city: { type: "string", description: "schema-text" } },
  required: ["city"],
  additionalProperties: false,
};
const TOOL: LanguageModelV4FunctionTool = {
  type: "function",
  name: "weather",
  description: "tool-text",
  inputSchema: SCHEMA,
};

/** Something to ask. */
interface Case {
  readonly options: Partial<LanguageModelV4CallOptions>;
  /** What must be in the request that goes out. */
  readonly shows?: readonly string[];
  /** What the request must differ from. */
  readonly unlike?: Partial<LanguageModelV4CallOptions>;
}

function withFile(mediaType: string, data: string): LanguageModelV4Prompt {
  const file: LanguageModelV4FilePart = { type: "file", mediaType, data: { type: "data", data } };
  return [{ role: "user", content: [{ type: "text", text: "hello-text" }, file] }];
}

function withToolResult(withImage: boolean): LanguageModelV4Prompt {
  const image = { type: "file", mediaType: "image/png", data: { type: "data", data: PNG } } as const;
  const value = [{ type: "text" as const, text: "result-text" }, ...(withImage ? [image] : [])];
  const output = withImage ? ({ type: "content", value } as const) : ({ type: "text", value: "result-text" } as const);
  const call = { toolCallId: "call_abc123", toolName: "weather" };
  return [
    ...ASKED,
    { role: "assistant", content: [{ type: "tool-call", ...call, input: { city: "city-text" } }] },
    { role: "tool", content: [{ type: "tool-result", ...call, output }] },
  ];
}

const CASES: Readonly<Record<string, Case>> = {
  "a limit of tokens": { options: { maxOutputTokens: 1777 }, shows: ["1777"] },
  "a temperature": { options: { temperature: 0.375 }, shows: ["0.375"] },
  "nucleus sampling": { options: { topP: 0.625 }, shows: ["0.625"] },
  "a top k": { options: { topK: 17 }, shows: ["17"] },
  "a presence penalty": { options: { presencePenalty: 0.875 }, shows: ["0.875"] },
  "a frequency penalty": { options: { frequencyPenalty: 0.875 }, shows: ["0.875"] },
  "a seed": { options: { seed: 987654 }, shows: ["987654"] },
  "a stop sequence": { options: { stopSequences: ["STOP-HERE"] }, shows: ["STOP-HERE"] },
  "much reasoning": { options: { reasoning: "high" }, unlike: {} },
  "some JSON": { options: { responseFormat: { type: "json" } }, unlike: {} },
  "JSON of a schema": {
    options: { responseFormat: { type: "json", schema: SCHEMA, name: "x" } },
    shows: ["schema-text"],
  },
  "a tool": { options: { tools: [TOOL] }, shows: ["weather", "tool-text", "schema-text"] },
  "a strict tool": { options: { tools: [{ ...TOOL, strict: true }] }, unlike: { tools: [TOOL] } },
  "that a tool is called": {
    options: { tools: [TOOL], toolChoice: { type: "required" } },
    unlike: { tools: [TOOL] },
  },
  "that no tool is called": {
    options: { tools: [TOOL], toolChoice: { type: "none" } },
    unlike: { tools: [TOOL] },
  },
  "one of two tools": {
    options: {
      tools: [TOOL, { ...TOOL, name: "clock" }],
      toolChoice: { type: "tool", toolName: "weather" },
    },
    unlike: { tools: [TOOL, { ...TOOL, name: "clock" }] },
  },
  "a system message": {
    options: { prompt: [{ role: "system", content: "system-text" }, ...ASKED] },
    shows: ["system-text"],
  },
  "a system message in the middle": {
    options: {
      prompt: [
        { role: "system", content: "first-text" },
        ...ASKED,
        { role: "assistant", content: [{ type: "text", text: "answer-text" }] },
        { role: "system", content: "second-text" },
        ...ASKED,
      ],
    },
    shows: ["first-text", "answer-text", "second-text"],
  },
  "an image": { options: { prompt: withFile("image/png", PNG) }, shows: [PNG] },
  "a PDF": { options: { prompt: withFile("application/pdf", PDF) }, shows: [PDF] },
  audio: { options: { prompt: withFile("audio/wav", WAV) }, shows: [WAV] },
  "a text file": { options: { prompt: withFile("text/plain", "ZmlsZS10ZXh0") }, shows: ["file-text|ZmlsZS10ZXh0"] },
  "a tool's result": {
    options: { tools: [TOOL], prompt: withToolResult(false) },
    shows: ["city-text", "result-text"],
  },
  "a tool's result with an image": {
    options: { tools: [TOOL], prompt: withToolResult(true) },
    shows: ["result-text", PNG],
  },
  "a tool's result without the tools": {
    options: { prompt: withToolResult(false) },
    shows: ["city-text", "result-text"],
  },
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
    if (refusalOfPackage(error, {}) === undefined) throw error;
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
