import type { z } from "zod";
import type { configSchema } from "#lib/config/schema.ts";
import { providerOfKind } from "../neighbours/kind-facts.ts";

type Config = z.input<typeof configSchema>;

/** A provider that is silent for so long is one that has failed: calls must end while it stands still. */
const TIMEOUTS = { connectMs: 1_000, firstByteMs: 3_000, idleMs: 3_000, totalMs: 15_000 };
const PRICE = { inputPerMillion: 1, outputPerMillion: 2 };
const QUICK_RETRIES = { max: 2, delayMinMs: 10, delayMaxMs: 100 };

/** Where chat can be asked for, each with a route of its own. */
export const CHAT_ENDPOINTS = [
  "plain",
  "slow",
  "wavering",
  "falls-back",
  "breaks-off",
  "translated",
  "hedged",
] as const;
/** Where texts are embedded. */
export const EMBEDDING_ENDPOINT = "plain";

/** The providers: one that speaks every format, and one that is sent translations of most. Both are the scripted one. */
export function providersOf(url: string): NonNullable<Config["providers"]> {
  const place = { allowAddresses: ["127.0.0.0/8"], breaker: { enabled: false }, timeouts: TIMEOUTS };
  return {
    scripted: {
      ...place,
      baseUrl: `${url}/v1`,
      formats: ["openai-chat", "openai-responses", "openai-embeddings"],
      baseUrls: { anthropic: `${url}/anthropic/v1`, gemini: `${url}/gemini/v1beta` },
    },
    other: { ...place, ...providerOfKind("mistral", url) },
  };
}

/** What is behind each endpoint. */
export function endpointsOf(): NonNullable<Config["endpoints"]> {
  const model = (name: string, provider = "scripted") => ({ provider, model: name, price: PRICE });
  const named: Readonly<Record<(typeof CHAT_ENDPOINTS)[number], object>> = {
    plain: { models: [model("echo-1")] },
    slow: { models: [model("slow-20")] },
    wavering: { models: [model("echo-1"), model("reset-before-head")], retries: QUICK_RETRIES },
    "falls-back": { models: [model("status-503")], fallbacks: [model("cut-before-head"), model("echo-1")] },
    "breaks-off": { models: [model("cut-after-3")] },
    translated: { models: [model("echo-1", "other")] },
    hedged: { models: [model("slow-20")], fallbacks: [model("echo-1")], hedgeAfterMs: 30 },
  };
  return CHAT_ENDPOINTS.map((name) => ({ name, models: [], ...named[name] }));
}
