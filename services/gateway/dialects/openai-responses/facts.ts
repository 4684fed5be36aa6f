import { isObject, type JsonObject } from "#lib/json-value.ts";
import { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import { type AnswerFacts, NO_FACTS } from "../../core/invocation.ts";
import { coinedOf } from "../../core/words.ts";
import { openAiUsageOf } from "../openai-usage.ts";

/** What a response says about itself, as far as it has come. */
export function factsOf(response: JsonObject): AnswerFacts {
  return {
    ...NO_FACTS,
    responseId: coinedOf(response["id"]),
    responseModel: coinedOf(response["model"]),
    finishReasons: finishReasonsOf(response),
    usage: openAiUsageOf(response["usage"]),
  };
}

/** Why an incomplete response ended; any other reason is `other`. */
const INCOMPLETE: ReadonlyMap<unknown, FinishReason> = new Map([
  ["max_output_tokens", FinishReason.FINISH_REASON_LENGTH],
  ["max_messages", FinishReason.FINISH_REASON_LENGTH],
  ["content_filter", FinishReason.FINISH_REASON_CONTENT_FILTER],
]);

/** Why a response ended. Empty: it has not, it failed, or it was cancelled. */
function finishReasonsOf({ status = "completed", incomplete_details: details, output }: JsonObject): FinishReason[] {
  if (status === "incomplete") {
    const reason = INCOMPLETE.get(isObject(details) ? details["reason"] : undefined);
    return [reason ?? FinishReason.FINISH_REASON_OTHER];
  }
  if (status !== "completed") return [];
  return [callsTools(output) ? FinishReason.FINISH_REASON_TOOL_CALLS : FinishReason.FINISH_REASON_STOP];
}

/** The items that may be for the caller to carry out. */
const CALLS = new Set<unknown>([
  "function_call",
  "custom_tool_call",
  "computer_call",
  "local_shell_call",
  "shell_call",
  "apply_patch_call",
]);

/** Whether an output has a call that nobody has carried out: what the provider ran itself is followed by its output. */
function callsTools(output: unknown): boolean {
  if (!Array.isArray(output)) return false;
  const items = output.filter(isObject);
  const outputs = items.filter(({ type }) => typeof type === "string" && type.endsWith("_output"));
  const carriedOut = new Set(outputs.map((item) => item["call_id"]));
  return items.some((item) => CALLS.has(item["type"]) && !carriedOut.has(item["call_id"]));
}
