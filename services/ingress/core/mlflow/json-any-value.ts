import type { AnyValue, KeyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";

/** Text that nests deeper than this stays text. */
const DEPTH_MAX = 64;

/**
 * The attributes as MLflow's clients expect them: where one of MLflow's own keys holds JSON text, such as
 * `mlflow.spanInputs` or `mlflow.chat.tokenUsage`, they read the value itself, and would take the text for a text.
 */
export function withMlflowValues(attributes: readonly KeyValue[]): readonly KeyValue[] {
  return attributes.map((attribute) => {
    const { key, value } = attribute;
    if (!key.startsWith("mlflow.") || value?.value?.$case !== "stringValue") return attribute;
    const parsed = parsedJson(value.value.value);
    return parsed === undefined ? attribute : { key, value: parsed };
  });
}

/** The value of a text that is a JSON object, list or text. Undefined: it is none of these, or nests too deep. */
function parsedJson(text: string): AnyValue | undefined {
  if (!/^\s*[{["]/.test(text)) return undefined;
  try {
    return anyValueOf(JSON.parse(text), 0);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function anyValueOf(json: unknown, depth: number): AnyValue {
  if (depth > DEPTH_MAX) throw new RangeError("the text nests too deep");
  switch (typeof json) {
    case "string":
      return { value: { $case: "stringValue", value: json } };
    case "boolean":
      return { value: { $case: "boolValue", value: json } };
    case "number":
      return Number.isSafeInteger(json)
        ? { value: { $case: "intValue", value: BigInt(json) } }
        : { value: { $case: "doubleValue", value: json } };
    case "object":
      if (json === null) return { value: undefined };
      return Array.isArray(json)
        ? { value: { $case: "arrayValue", value: { values: json.map((item) => anyValueOf(item, depth + 1)) } } }
        : { value: { $case: "kvlistValue", value: { values: keyValuesOf(json, depth + 1) } } };
    default:
      return { value: undefined };
  }
}

function keyValuesOf(object: object, depth: number): KeyValue[] {
  return Object.entries(object).map(([key, value]) => ({ key, value: anyValueOf(value, depth) }));
}
