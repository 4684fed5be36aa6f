import { isObject, type JsonObject, parseJson } from "#lib/json-value.ts";
import { ProviderError } from "../core/provider-error.ts";

/**
 * A whole answer as the JSON object that it must be. Throws a ProviderError `provider_protocol` when it is none, or not
 * `what` (a noun with its article) by `isOne`.
 */
export function answerObjectOf(body: Buffer, what: string, isOne: (answer: JsonObject) => boolean): JsonObject {
  const text = body.toString("utf8");
  const answer = parseJson(text);
  if (isObject(answer) && isOne(answer)) return answer;
  const message = `The provider's answer is not ${what}. Check its base URL.`;
  throw new ProviderError("provider_protocol", message, { text });
}
