import type { KeyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";

/** The attributes that hold messages, tools or answers, in each convention. */
const KEYS = new Set([
  "mlflow.spanInputs",
  "mlflow.spanOutputs",
  "mlflow.chat.tools",
  "gen_ai.input.messages",
  "gen_ai.output.messages",
  "gen_ai.system_instructions",
  "gen_ai.tool.definitions",
  "gen_ai.tool.call.arguments",
  "gen_ai.tool.call.result",
  "gen_ai.prompt",
  "gen_ai.completion",
  "input.value",
  "output.value",
]);
const PREFIXES = [
  "llm.input_messages.",
  "llm.output_messages.",
  "llm.prompts.",
  "llm.tools.",
  "gen_ai.prompt.",
  "gen_ai.completion.",
];

/** Whether an attribute is payload by its key. What an agent puts under a key of its own cannot be known. */
export function isPayload({ key }: Pick<KeyValue, "key">): boolean {
  return KEYS.has(key) || PREFIXES.some((prefix) => key.startsWith(prefix));
}

/** Whether an event is payload by its name: errors quote it, and the GenAI conventions put messages into events. */
export function isPayloadEvent(name: string): boolean {
  return name === "exception" || name.startsWith("gen_ai.");
}
