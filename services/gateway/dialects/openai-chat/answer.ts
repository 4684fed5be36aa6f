import { ServiceError } from "#lib/service-error.ts";
import type { AnswerFacts } from "../../core/invocation.ts";
import { coinedOf, finishReasonOf } from "../../core/words.ts";
import { isObject, parseJson } from "../json-value.ts";
import { usageOf } from "./facts.ts";

/** Reads what a chat completion says about itself. */
export function readAnswer(body: Buffer): AnswerFacts {
  const answer = parseJson(body.toString("utf8"));
  if (!isObject(answer) || !Array.isArray(answer["choices"])) {
    throw new ServiceError("provider_protocol", "The provider's answer is not a chat completion. Check its base URL.");
  }
  return {
    responseId: coinedOf(answer["id"]),
    responseModel: coinedOf(answer["model"]),
    finishReasons: answer["choices"].flatMap((choice: unknown) =>
      isObject(choice) && typeof choice["finish_reason"] === "string" ? [finishReasonOf(choice["finish_reason"])] : [],
    ),
    usage: usageOf(answer["usage"]),
    firstTokenNanos: undefined,
  };
}
