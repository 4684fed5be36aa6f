import { isObject, parseJson } from "#lib/json-value.ts";
import { type AnswerFacts, NO_FACTS } from "../../core/invocation.ts";
import { coinedOf } from "../../core/words.ts";
import { knownUsageOf } from "../known-usage.ts";

/** Reads what an answer says about itself, where it is a JSON object and says it as one of the known dialects does. */
export function readAnswer(body: Buffer): AnswerFacts {
  const answer = parseJson(body.toString("utf8"));
  if (!isObject(answer)) return NO_FACTS;
  return {
    ...NO_FACTS,
    responseId: coinedOf(answer["id"] ?? answer["responseId"]),
    responseModel: coinedOf(answer["model"] ?? answer["modelVersion"]),
    usage: knownUsageOf(answer),
  };
}
