import type { AnyValue, KeyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";

/** What an attribute may hold here. Undefined: the attribute is left out. */
export type AttributeValue = string | number | bigint | boolean | readonly string[] | undefined;

/** OTLP attributes from a plain object. Whole numbers are integers, others doubles. */
export function attributesOf(values: Readonly<Record<string, AttributeValue>>): KeyValue[] {
  const attributes: KeyValue[] = [];
  for (const key in values) {
    const value = values[key];
    if (value !== undefined) attributes.push({ key, value: { value: anyValueOf(value) } });
  }
  return attributes;
}

function anyValueOf(value: Exclude<AttributeValue, undefined>): Exclude<AnyValue["value"], undefined> {
  switch (typeof value) {
    case "string":
      return { $case: "stringValue", value };
    case "bigint":
      return { $case: "intValue", value };
    case "boolean":
      return { $case: "boolValue", value };
    case "number":
      return Number.isSafeInteger(value)
        ? { $case: "intValue", value: BigInt(value) }
        : { $case: "doubleValue", value };
    default:
      return {
        $case: "arrayValue",
        value: { values: value.map((item) => ({ value: { $case: "stringValue", value: item } })) },
      };
  }
}
