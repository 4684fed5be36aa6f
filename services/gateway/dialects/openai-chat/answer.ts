import type { AnswerFacts } from "../../core/invocation.ts";
import { ProviderError } from "../../core/provider-error.ts";
import { coinedOf, finishReasonOf } from "../../core/words.ts";
import { isObject, parseJson } from "../json-value.ts";
import { usageOf } from "./facts.ts";

/** Reads what a chat completion says about itself. */
export function readAnswer(body: Buffer): AnswerFacts {
  const text = body.toString("utf8");
  const answer = parseJson(text);
  if (!isObject(answer) || !Array.isArray(answer["choices"])) {
    const message = "The provider's answer is not a chat completion. Check its base URL.";
    throw new ProviderError("provider_protocol", message, { text });
  }
  return {
    responseId: coinedOf(answer["id"]),
    responseModel: coinedOf(answer["model"]),
    finishReasons: answer["choices"].flatMap((choice: unknown) =>
      isObject(choice) && typeof choice["finish_reason"] === "string" ? [finishReasonOf(choice["finish_reason"])] : [],
    ),
    usage: usageOf(answer["usage"]),
    usageIsPartial: false,
    firstTokenNanos: undefined,
  };
}
