import { isObject } from "#lib/json-value.ts";
import { type AnswerFacts, NO_FACTS } from "../../core/invocation.ts";
import { coinedOf, finishReasonOf } from "../../core/words.ts";
import { answerObjectOf } from "../answer-object.ts";
import { openAiUsageOf } from "../openai-usage.ts";

/** Reads what a chat completion says about itself. */
export function readAnswer(body: Buffer): AnswerFacts {
  const answer = answerObjectOf(body, "a chat completion", ({ choices }) => Array.isArray(choices));
  const choices = Array.isArray(answer["choices"]) ? answer["choices"] : [];
  return {
    ...NO_FACTS,
    responseId: coinedOf(answer["id"]),
    responseModel: coinedOf(answer["model"]),
    finishReasons: choices.flatMap((choice: unknown) =>
      isObject(choice) && typeof choice["finish_reason"] === "string" ? [finishReasonOf(choice["finish_reason"])] : [],
    ),
    usage: openAiUsageOf(answer["usage"]),
  };
}
