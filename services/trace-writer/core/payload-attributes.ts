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

/** Whether an attribute is payload by its key, in any convention. What an agent puts under a key of its own cannot be known. */
export function isPayload({ key }: Pick<KeyValue, "key">): boolean {
  return isPayloadKey(key) || KEYS.has(key) || PREFIXES.some((prefix) => key.startsWith(prefix));
}

/** Whether an event is payload by its name: errors quote it, and the GenAI conventions put messages into events. */
export function isPayloadEvent(name: string): boolean {
  return name === "exception" || name.startsWith("gen_ai.");
}
