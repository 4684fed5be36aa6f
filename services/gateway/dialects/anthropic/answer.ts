import { type AnswerFacts, NO_FACTS } from "../../core/invocation.ts";
import { coinedOf } from "../../core/words.ts";
import { answerObjectOf } from "../answer-object.ts";
import { tokensOf } from "../token-count.ts";
import { finishReasonsOf, usageOf } from "./facts.ts";

/** Reads what a message says about itself. */
export function readMessage(body: Buffer): AnswerFacts {
  const message = answerObjectOf(body, "a message", ({ content }) => Array.isArray(content));
  return {
    ...NO_FACTS,
    responseId: coinedOf(message["id"]),
    responseModel: coinedOf(message["model"]),
    finishReasons: finishReasonsOf(message["stop_reason"]),
    usage: usageOf(message["usage"]),
  };
}

/** Reads a count of tokens: it is the answer and no usage, since nothing is billed for it. */
export function readTokenCount(body: Buffer): AnswerFacts {
  answerObjectOf(body, "a count of tokens", (count) => tokensOf(count["input_tokens"]) !== undefined);
  return NO_FACTS;
}
