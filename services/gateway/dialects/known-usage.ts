import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { isObject, type JsonObject } from "./json-value.ts";
import { usageOf } from "./openai-chat/facts.ts";

/** The usage of an answer of which only its shape is known. Undefined: it says none that is told as a known dialect does. */
export function knownUsageOf({ usage }: JsonObject): Usage | undefined {
  return isObject(usage) ? usageOf(usage) : undefined;
}
