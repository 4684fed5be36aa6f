import { parseJson } from "#lib/json-value.ts";
import type { AnyValue, KeyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";

/** A span's attributes by key. Of a key that is there twice the first counts. */
export type Attributes = ReadonlyMap<string, AnyValue>;

/** Looks a span's attributes up by key. */
export function readAttributes(attributes: readonly KeyValue[]): Attributes {
  const byKey = new Map<string, AnyValue>();
  for (const { key, value } of attributes) {
    if (value !== undefined && !byKey.has(key)) byKey.set(key, value);
  }
  return byKey;
}

/** The text under the first of the keys that holds one. Empty ones do not count. */
export function textOf(attributes: Attributes, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = attributes.get(key)?.value;
    if (value?.$case === "stringValue" && value.value !== "") return value.value;
  }
  return undefined;
}

/**
 * The text under the first of the keys that holds one. MLflow's own SDK writes its attributes as JSON: there `"LLM"`
 * with its quotes is read as LLM. Undefined: there is none.
 */
export function unquotedOf(attributes: Attributes, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const text = textOf(attributes, key);
    if (text === undefined) continue;
    return key.startsWith("mlflow.") && text.startsWith('"') ? unquoted(text) : text;
  }
  return undefined;
}

function unquoted(text: string): string {
  const parsed = parseJson(text);
  return typeof parsed === "string" && parsed !== "" ? parsed : text;
}

/** The whole number under the first of the keys that holds one: an integer, or a double without a fraction. */
export function integerOf(attributes: Attributes, ...keys: readonly string[]): bigint | undefined {
  for (const key of keys) {
    const value = attributes.get(key)?.value;
    if (value?.$case === "intValue") return value.value;
    if (value?.$case === "doubleValue" && Number.isSafeInteger(value.value)) return BigInt(value.value);
  }
  return undefined;
}

/** The number under a key. Undefined: there is none, or none that is finite. */
export function numberOf(attributes: Attributes, key: string): number | undefined {
  const number = numberIn(attributes.get(key));
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

/** Whether the key holds `true`. */
export function booleanOf(attributes: Attributes, key: string): boolean {
  const value = attributes.get(key)?.value;
  return value?.$case === "boolValue" && value.value;
}

/** An attribute that holds an object, as JSON text (MLflow's way) or as a key-value list, as name → number. */
export function numbersOf(attributes: Attributes, key: string): ReadonlyMap<string, number> {
  const value = attributes.get(key)?.value;
  switch (value?.$case) {
    case "stringValue":
      return numbersIn(Object.entries(asObject(parseJson(value.value))));
    case "kvlistValue":
      return numbersIn(value.value.values.map((entry) => [entry.key, numberIn(entry.value)]));
    default:
      return new Map();
  }
}

function numberIn(value: AnyValue | undefined): unknown {
  const inner = value?.value;
  return inner?.$case === "intValue" ? Number(inner.value) : inner?.$case === "doubleValue" ? inner.value : undefined;
}

function numbersIn(entries: readonly (readonly [string, unknown])[]): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const [name, value] of entries) {
    if (typeof value === "number" && Number.isFinite(value)) numbers.set(name, value);
  }
  return numbers;
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
