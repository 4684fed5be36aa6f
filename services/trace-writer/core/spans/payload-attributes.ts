import { isPayloadKey } from "#lib/spans/meanings.ts";
import type { KeyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";

/** What holds messages, tools and answers beside inputs and outputs. */
const KEYS = new Set([
  "mlflow.chat.tools",
  "gen_ai.system_instructions",
  "gen_ai.tool.definitions",
  "ai.prompt.tools",
  "ai.response.reasoning",
  "ai.response.files",
]);
const PREFIXES = ["llm.tools.", "llm.request.functions."];

/**
 * Keys that were asked for, and what they are: spans have the same few. Beyond so many all are forgotten, and long ones
 * at once.
 */
const KNOWN_MAX = 10_000;
const KNOWN_KEY_MAX = 250;
const known = new Map<string, boolean>();

/** Whether an attribute is payload by its key, in any convention. What an agent puts under a key of its own cannot be known. */
export function isPayload({ key }: Pick<KeyValue, "key">): boolean {
  const told = known.get(key);
  if (told !== undefined) return told;
  const is = isPayloadKey(key) || KEYS.has(key) || PREFIXES.some((prefix) => key.startsWith(prefix));
  if (key.length > KNOWN_KEY_MAX) return is;
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(key, is);
  return is;
}

/** Whether an event is payload by its name: errors quote it, and the GenAI conventions put messages into events. */
export function isPayloadEvent(name: string): boolean {
  return name === "exception" || name.startsWith("gen_ai.");
}
