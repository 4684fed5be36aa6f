import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";

/** A model at a provider, as far as its calls differ from those of others. */
export interface Model {
  readonly provider: string;
  readonly host: string;
  readonly model: string;
  /** As the provider calls what answered. */
  readonly answersAs: string;
  /** US dollars for a million tokens. */
  readonly inputPerMillion: number;
  readonly outputPerMillion: number;
  /** The median time to the first token, in milliseconds, and how many tokens a second follow. */
  readonly firstTokenMs: number;
  readonly tokensPerSecond: number;
}

/** An endpoint, and what its calls are like. */
export interface Endpoint {
  readonly name: string;
  /** How often it is called, compared to the others. */
  readonly weight: number;
  readonly requestType: RequestType;
  /** In the order they are tried. */
  readonly models: readonly [Model, ...Model[]];
  /** Medians. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** How many of its calls are streams, from 0 to 1. */
  readonly streamed: number;
  readonly topic: Topic;
}

/** What a conversation is about. */
export type Topic = "support" | "routing" | "code" | "contracts" | "invoices" | "research" | "vectors";

/** An agent whose own traces are stored here. */
export interface Agent {
  readonly name: string;
  readonly weight: number;
  readonly experiment: string;
  readonly product: string;
  readonly steps: readonly [string, ...string[]];
  readonly tools: readonly [string, ...string[]];
  /** What it is asked. */
  readonly topic: Topic;
  /** The endpoints that it calls, by name. */
  readonly endpoints: readonly [string, ...string[]];
  /** The most calls that a run makes. */
  readonly callsMax: number;
}

const model = (
  provider: string,
  host: string,
  name: string,
  version: string,
  [inputPerMillion, outputPerMillion]: readonly [number, number],
  [firstTokenMs, tokensPerSecond]: readonly [number, number],
): Model => ({
  provider,
  host,
  model: name,
  answersAs: `${name}${version}`,
  inputPerMillion,
  outputPerMillion,
  firstTokenMs,
  tokensPerSecond,
});

export const GPT_MINI = model("openai", "api.openai.com", "gpt-5-mini", "-2026-08-07", [0.25, 2], [320, 140]);
export const GPT = model("openai", "api.openai.com", "gpt-5", "-2026-08-07", [1.25, 10], [740, 75]);
const EMBEDDING = model("openai", "api.openai.com", "text-embedding-3-small", "", [0.02, 0], [90, 1e6]);
const SONNET = model("anthropic", "api.anthropic.com", "claude-sonnet-5", "-20260615", [3, 15], [610, 80]);
const HAIKU = model("anthropic", "api.anthropic.com", "claude-haiku-5", "-20260615", [1, 5], [290, 170]);
const FLASH = model("google", "generativelanguage.googleapis.com", "gemini-3-flash", "", [0.3, 2.5], [260, 190]);
const MISTRAL = model("mistral", "api.mistral.ai", "mistral-large-3", "", [2, 6], [430, 95]);
const LLAMA = model("groq", "api.groq.com", "llama-5-70b", "", [0.59, 0.79], [120, 420]);

const { REQUEST_TYPE_OPENAI_CHAT, REQUEST_TYPE_ANTHROPIC_MESSAGES, REQUEST_TYPE_OPENAI_RESPONSES } = RequestType;

/** The endpoints of a company of some size. */
export const ENDPOINTS: readonly [Endpoint, ...Endpoint[]] = [
  {
    name: "support-chat",
    weight: 30,
    requestType: REQUEST_TYPE_OPENAI_CHAT,
    models: [GPT_MINI, HAIKU],
    inputTokens: 900,
    outputTokens: 180,
    streamed: 0.9,
    topic: "support",
  },
  {
    name: "code-assistant",
    weight: 14,
    requestType: REQUEST_TYPE_ANTHROPIC_MESSAGES,
    models: [SONNET, GPT],
    inputTokens: 3200,
    outputTokens: 620,
    streamed: 0.95,
    topic: "code",
  },
  {
    name: "summaries",
    weight: 12,
    requestType: REQUEST_TYPE_OPENAI_CHAT,
    models: [FLASH, GPT_MINI],
    inputTokens: 4100,
    outputTokens: 260,
    streamed: 0.1,
    topic: "contracts",
  },
  {
    name: "invoices",
    weight: 8,
    requestType: REQUEST_TYPE_OPENAI_RESPONSES,
    models: [GPT_MINI],
    inputTokens: 1500,
    outputTokens: 120,
    streamed: 0,
    topic: "invoices",
  },
  {
    name: "research",
    weight: 7,
    requestType: REQUEST_TYPE_ANTHROPIC_MESSAGES,
    models: [SONNET, MISTRAL],
    inputTokens: 5200,
    outputTokens: 900,
    streamed: 0.6,
    topic: "research",
  },
  {
    name: "routing",
    weight: 16,
    requestType: REQUEST_TYPE_OPENAI_CHAT,
    models: [LLAMA, GPT_MINI],
    inputTokens: 350,
    outputTokens: 12,
    streamed: 0,
    topic: "routing",
  },
  {
    name: "embeddings",
    weight: 13,
    requestType: RequestType.REQUEST_TYPE_OPENAI_EMBEDDINGS,
    models: [EMBEDDING],
    inputTokens: 700,
    outputTokens: 0,
    streamed: 0,
    topic: "vectors",
  },
];

/** Who calls without being an agent whose traces are stored here: the first word of its `user-agent`, or what it calls itself. */
export const CALLERS: readonly [Caller, ...Caller[]] = [
  { product: "web-shop", weight: 34 },
  { product: "mobile-app", weight: 22 },
  { product: "back-office", weight: 12 },
  { product: "OpenAI", weight: 9 },
  { product: "Anthropic", weight: 7 },
  { product: "ai-sdk", weight: 6 },
  { product: "nightly-batch", weight: 6 },
  { product: "curl", weight: 1 },
];
interface Caller {
  readonly product: string;
  readonly weight: number;
}

export const AGENTS: readonly [Agent, ...Agent[]] = [
  {
    name: "support agent",
    weight: 6,
    experiment: "support-agent",
    product: "langgraph",
    steps: ["understand", "look up", "answer"],
    tools: ["orders.find", "orders.refund", "articles.search", "customers.get"],
    topic: "support",
    endpoints: ["routing", "support-chat", "support-chat", "embeddings"],
    callsMax: 4,
  },
  {
    name: "coding agent",
    weight: 3,
    experiment: "coding-agent",
    product: "claude-agent",
    steps: ["plan", "edit", "test", "review"],
    tools: ["files.read", "files.write", "shell.run", "git.diff"],
    topic: "code",
    endpoints: ["code-assistant", "code-assistant", "embeddings"],
    callsMax: 8,
  },
  {
    name: "research agent",
    weight: 2,
    experiment: "research-agent",
    product: "openai-agents",
    steps: ["plan", "search", "read", "write"],
    tools: ["web.search", "web.open", "notes.add"],
    topic: "research",
    endpoints: ["research", "summaries", "embeddings"],
    callsMax: 6,
  },
];
