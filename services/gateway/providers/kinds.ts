import type { Config } from "#lib/config/schema.ts";
import type { WireFormat } from "../dialects/dialect.ts";

/** A provider's settings. */
export type ProviderOptions = Config["providers"][string];
/** What a provider is. */
export type ProviderKind = ProviderOptions["kind"];

/** What all providers of a kind have in common. */
interface Kind {
  /** Its base URL where none is configured. Undefined: it must be configured, or the package that translates knows it. */
  readonly baseUrl: string | undefined;
  /** The formats it speaks at its base URL. None: everything is translated. */
  readonly formats: readonly WireFormat[];
  /** The header that carries the key, and what comes before the key. */
  readonly key: KeyHeader;
}

/** The header that carries a key, and what comes before the key. */
export interface KeyHeader {
  readonly name: string;
  readonly prefix: string;
}

const BEARER: KeyHeader = { name: "authorization", prefix: "Bearer " };
const ANTHROPIC_KEY: KeyHeader = { name: "x-api-key", prefix: "" };
const GEMINI_KEY: KeyHeader = { name: "x-goog-api-key", prefix: "" };

const OPENAI: readonly WireFormat[] = [
  "openai-chat",
  "openai-responses",
  "openai-responses-compact",
  "openai-embeddings",
];
const CHAT: readonly WireFormat[] = ["openai-chat"];
const CHAT_AND_EMBEDDINGS: readonly WireFormat[] = ["openai-chat", "openai-embeddings"];
const ANTHROPIC: readonly WireFormat[] = ["anthropic-messages", "anthropic-count-tokens"];
const GEMINI: readonly WireFormat[] = [
  "gemini-generate-content",
  "gemini-stream-generate-content",
  "gemini-embed-content",
  "gemini-batch-embed-contents",
  "gemini-count-tokens",
];

const KINDS: Readonly<Record<ProviderKind, Kind>> = {
  openai: { baseUrl: "https://api.openai.com/v1", formats: OPENAI, key: BEARER },
  // Which of OpenAI's formats it speaks is a setting.
  "openai-compatible": { baseUrl: undefined, formats: [], key: BEARER },
  "azure-openai": { baseUrl: undefined, formats: OPENAI, key: { name: "api-key", prefix: "" } },
  anthropic: { baseUrl: "https://api.anthropic.com/v1", formats: ANTHROPIC, key: ANTHROPIC_KEY },
  gemini: { baseUrl: "https://generativelanguage.googleapis.com/v1beta", formats: GEMINI, key: GEMINI_KEY },
  "amazon-bedrock": { baseUrl: undefined, formats: [], key: BEARER },
  "google-vertex": { baseUrl: undefined, formats: [], key: GEMINI_KEY },
  mistral: { baseUrl: "https://api.mistral.ai/v1", formats: [], key: BEARER },
  cohere: { baseUrl: "https://api.cohere.com/v2", formats: [], key: BEARER },
  groq: { baseUrl: "https://api.groq.com/openai/v1", formats: CHAT, key: BEARER },
  xai: { baseUrl: "https://api.x.ai/v1", formats: CHAT, key: BEARER },
  deepseek: { baseUrl: "https://api.deepseek.com/v1", formats: CHAT, key: BEARER },
  togetherai: { baseUrl: "https://api.together.xyz/v1", formats: CHAT_AND_EMBEDDINGS, key: BEARER },
  fireworks: { baseUrl: "https://api.fireworks.ai/inference/v1", formats: CHAT_AND_EMBEDDINGS, key: BEARER },
  openrouter: { baseUrl: "https://openrouter.ai/api/v1", formats: CHAT, key: BEARER },
  ollama: { baseUrl: "http://127.0.0.1:11434/v1", formats: CHAT_AND_EMBEDDINGS, key: BEARER },
};

/** Where a provider takes requests of a format, and how it takes its key there. */
export interface FormatPlace {
  /** With the version, without a slash at the end. */
  readonly baseUrl: string;
  readonly key: KeyHeader;
}

/** A provider's base URL: as configured, else its kind's. Undefined: there is none. */
export function baseUrlOf(options: ProviderOptions): string | undefined {
  return (options.baseUrl ?? regionalUrlOf(options) ?? KINDS[options.kind].baseUrl)?.replace(/\/+$/, "");
}

/** The header that carries a provider's key at its base URL. */
export function keyHeaderOf({ kind }: ProviderOptions): KeyHeader {
  return KINDS[kind].key;
}

/** The base URL of a kind that has one in each region. */
function regionalUrlOf({ kind, region = "", project = "" }: ProviderOptions): string | undefined {
  if (kind === "amazon-bedrock") return `https://bedrock-runtime.${region}.amazonaws.com`;
  if (kind !== "google-vertex") return undefined;
  const host = region === "global" ? "aiplatform.googleapis.com" : `${region}-aiplatform.googleapis.com`;
  return `https://${host}/v1beta1/projects/${project}/locations/${region}/publishers/google`;
}

/** Where a provider takes requests of a format as they are. Undefined: it does not speak it. */
export function placeOf(options: ProviderOptions, format: WireFormat): FormatPlace | undefined {
  const { kind, baseUrls } = options;
  const { key, formats } = KINDS[kind];
  const own = baseUrlOf(options);
  const spoken = kind === "openai-compatible" ? options.formats : formats;
  if (own !== undefined && (format === "raw" || spoken.some((known) => known === format))) return { baseUrl: own, key };
  if (baseUrls.anthropic !== undefined && ANTHROPIC.includes(format)) {
    return { baseUrl: baseUrls.anthropic.replace(/\/+$/, ""), key: ANTHROPIC_KEY };
  }
  if (baseUrls.gemini !== undefined && GEMINI.includes(format)) {
    return { baseUrl: baseUrls.gemini.replace(/\/+$/, ""), key: GEMINI_KEY };
  }
  return undefined;
}

/** The kinds that speak a format as it is. */
export function kindsSpeaking(format: WireFormat): readonly string[] {
  return Object.entries(KINDS)
    .filter(([, { formats }]) => formats.includes(format))
    .map(([kind]) => kind);
}
