import type { AnyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";

/** A value as text: a text as it is, anything else as JSON. Bytes are base64. */
export function textOfValue(value: AnyValue): string {
  if (value.value?.$case === "stringValue") return value.value.value;
  return JSON.stringify(jsonOfValue(value));
}

/**
 * A value as JSON. Bytes are base64. A number that JSON has no word for is its text; an integer may be one. The
 * decoder's limit bounds the recursion.
 */
export function jsonOfValue({ value }: AnyValue): unknown {
  switch (value?.$case) {
    case "intValue":
      return Number.isSafeInteger(Number(value.value)) ? Number(value.value) : value.value.toString();
    case "doubleValue":
      return Number.isFinite(value.value) ? value.value : String(value.value);
    case "bytesValue":
      return value.value.toString("base64");
    case "arrayValue":
      return value.value.values.map(jsonOfValue);
    case "kvlistValue":
      return Object.fromEntries(
        value.value.values.map((entry) => [entry.key, jsonOfValue(entry.value ?? { value: undefined })]),
      );
    case "stringValue":
    case "boolValue":
      return value.value;
    default:
      return null;
  }
}
