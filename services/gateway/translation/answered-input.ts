import { isObject, type JsonObject, parseJson } from "#lib/json-value.ts";
import { ServiceError } from "#lib/service-error.ts";

/**
 * The input of a tool call in an answer, for formats that have it as an object. Throws a ServiceError
 * `provider_protocol` when the model's text is none, as when it was cut.
 */
export function answeredInputOf(text: string): JsonObject {
  const input = parseJson(text === "" ? "{}" : text);
  if (isObject(input)) return input;
  throw new ServiceError("provider_protocol", "The model called a tool with arguments that are not a JSON object.");
}
