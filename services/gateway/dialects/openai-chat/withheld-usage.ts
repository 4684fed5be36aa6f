import { isObject, type JsonObject } from "#lib/json-value.ts";
import { memberRangeOf } from "../json-fields.ts";

const NOTHING = Buffer.alloc(0);

/**
 * An event of a stream without what asking for usage added to it: the chunk that holds nothing else is left out whole,
 * of all others the `usage` that is null. Every other byte stays. Empty: nothing is left.
 */
export function withoutUsage(event: Buffer, chunk: JsonObject): Buffer {
  const choices = chunk["choices"];
  if (Array.isArray(choices) && choices.length === 0 && isObject(chunk["usage"])) return NOTHING;
  if (chunk["usage"] !== null) return event;
  const jsonStart = event.indexOf("{");
  const range = memberRangeOf(event.subarray(jsonStart), "usage");
  if (range === undefined) return event;
  return Buffer.concat([event.subarray(0, jsonStart + range.start), event.subarray(jsonStart + range.end)]);
}
