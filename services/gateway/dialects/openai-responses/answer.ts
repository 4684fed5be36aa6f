import type { JsonObject } from "#lib/json-value.ts";
import type { AnswerFacts } from "../../core/invocation.ts";
import { answerObjectOf } from "../answer-object.ts";
import { factsOf } from "./facts.ts";

/** Reads what a response says about itself; one that was sent to the background has said little yet. */
export function readResponse(body: Buffer): AnswerFacts {
  return factsOf(answerObjectOf(body, "a response", hasOutput));
}

/** Reads what a compaction says about itself. It has no end that could have a reason. */
export function readCompaction(body: Buffer): AnswerFacts {
  return { ...factsOf(answerObjectOf(body, "a compaction", hasOutput)), finishReasons: [] };
}

function hasOutput({ output }: JsonObject): boolean {
  return Array.isArray(output);
}
