import type { Answers } from "#lib/workers/questions.ts";
import { answerCounters } from "./limits/primary-counters.ts";

/** What the primary of a gateway's workers keeps for all of them: what is used of rate limits and budgets. */
export function primaryAnswers(): Answers {
  return answerCounters(Date.now);
}
