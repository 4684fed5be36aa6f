import type { JSONObject, JSONSchema7 } from "@ai-sdk/provider";
import { isObject } from "#lib/json-value.ts";
import type { Fields } from "./fields.ts";

/** The JSON Schema in a field, as the caller wrote it: the provider says what is wrong with it. Undefined: there is none. */
export function schemaIn(fields: Fields, name: string): JSONSchema7 | undefined {
  const schema = fields.json(name);
  return isSchema(schema) ? schema : undefined;
}

/** The schema of a tool that takes nothing. */
export const NO_PARAMETERS: JSONSchema7 = { type: "object", properties: {} };

/** The input of a tool call that a field gives as JSON text. Nothing is an empty object. */
export function toolInputIn(fields: Fields, name: string): JSONObject {
  const json = fields.text(name) ?? "";
  if (json.trim() === "") return {};
  try {
    const input: unknown = JSON.parse(json);
    if (isJsonObject(input)) return input;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw fields.invalid(name, "must be a JSON object, as text");
}

function isJsonObject(value: unknown): value is JSONObject {
  return isObject(value);
}

function isSchema(value: unknown): value is JSONSchema7 {
  return isObject(value);
}
