import { isObject, type JsonObject, parseJson } from "#lib/json-value.ts";
import { ServiceError } from "#lib/service-error.ts";
import type { InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { ChatResponse } from "#proto/twinspan/inference/v1/inference_service.ts";
import type { AssistantMessage, ToolCall } from "#proto/twinspan/inference/v1/prompt.ts";
import { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import { coinedOf, finishReasonOf } from "../core/words.ts";

/** The typed answer that a chat completion comes to. Throws a ServiceError `provider_protocol` when it has no message. */
export function chatAnswerOf(body: Buffer, summary: InvocationSummary): ChatResponse {
  const completion = parseJson(body.toString("utf8"));
  const choice: unknown =
    isObject(completion) && Array.isArray(completion["choices"]) ? completion["choices"][0] : undefined;
  if (!isObject(completion) || !isObject(choice) || !isObject(choice["message"])) {
    throw new ServiceError("provider_protocol", "The provider's answer has no message.");
  }
  return {
    message: messageOf(choice["message"]),
    finishReason: finishReasonIn(choice) ?? FinishReason.FINISH_REASON_UNSPECIFIED,
    model: coinedOf(completion["model"]) ?? "",
    responseId: coinedOf(completion["id"]) ?? "",
    summary,
  };
}

/** Why a choice ended, as it says. Undefined: it has not. */
export function finishReasonIn({ finish_reason: word }: JsonObject): FinishReason | undefined {
  return typeof word === "string" ? finishReasonOf(word) : undefined;
}

/** What a message, or a piece of one, says of the model's thoughts: the field has two names. */
export function reasoningIn(message: JsonObject): string {
  return textOf(message["reasoning_content"]) || textOf(message["reasoning"]);
}

/** A text. Empty: it is none. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function messageOf(message: JsonObject): AssistantMessage {
  const calls: readonly unknown[] = Array.isArray(message["tool_calls"]) ? message["tool_calls"] : [];
  return {
    text: textOf(message["content"]),
    toolCalls: calls.filter(isObject).map(toolCallOf),
    reasoning: reasoningIn(message),
    refusal: textOf(message["refusal"]),
  };
}

function toolCallOf({ id, function: called }: JsonObject): ToolCall {
  const { name, arguments: argumentsJson } = isObject(called) ? called : {};
  return { id: textOf(id), name: textOf(name), argumentsJson: textOf(argumentsJson) };
}
