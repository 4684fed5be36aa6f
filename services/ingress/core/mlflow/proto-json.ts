import type { AnyValue, KeyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";

/** Protobuf's JSON, in the form MLflow uses: names in snake_case, 64-bit numbers as decimal text, bytes as base64. */

const BILLION = 1_000_000_000n;

/** A moment in nanoseconds since the Unix epoch as RFC 3339 in UTC, with 0, 3, 6 or 9 digits of fraction. */
export function timestampText(unixNanos: bigint): string {
  const nanos = ((unixNanos % BILLION) + BILLION) % BILLION;
  const seconds = new Date(Number((unixNanos - nanos) / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}${fractionText(nanos)}Z`;
}

/** A span of time in nanoseconds as seconds: `1.234s`. */
export function durationText(nanos: bigint): string {
  const absolute = nanos < 0n ? -nanos : nanos;
  return `${nanos < 0n ? "-" : ""}${absolute / BILLION}${fractionText(absolute % BILLION)}s`;
}

/**
 * The inverse of {@link timestampText}; takes any offset from UTC. Undefined: not RFC 3339, not a moment, or one that
 * 64 bits do not hold (after 2262).
 */
export function parseTimestamp(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return undefined;
  const [, seconds = "", fraction = "", offset = ""] = match;
  const ms = Date.parse(`${seconds}${offset}`);
  return Number.isNaN(ms) ? undefined : within64Bits(BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, "0")));
}

/** The inverse of {@link durationText}. Undefined: not seconds with an `s`, or more than 64 bits hold. */
export function parseDuration(text: string): bigint | undefined {
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(text);
  if (match === null) return undefined;
  const [, sign = "", seconds = "", fraction = ""] = match;
  const nanos = BigInt(seconds) * BILLION + BigInt(fraction.padEnd(9, "0"));
  return within64Bits(sign === "-" ? -nanos : nanos);
}

function within64Bits(nanos: bigint): bigint | undefined {
  return BigInt.asIntN(64, nanos) === nanos ? nanos : undefined;
}

/** Attributes as a list of keys and values. */
export function keyValuesJson(attributes: readonly KeyValue[]): readonly object[] {
  return attributes.map(({ key, value }) => ({ key, value: anyValueJson(value) }));
}

/** A value as an object with the one member that names its kind; an empty value has none. */
function anyValueJson(any: AnyValue | undefined): object {
  const value = any?.value;
  switch (value?.$case) {
    case undefined:
      return {};
    case "stringValue":
      return { string_value: value.value };
    case "boolValue":
      return { bool_value: value.value };
    case "intValue":
      return { int_value: value.value.toString() };
    case "doubleValue":
      return { double_value: Number.isFinite(value.value) ? value.value : String(value.value) };
    case "arrayValue":
      return { array_value: { values: value.value.values.map(anyValueJson) } };
    case "kvlistValue":
      return { kvlist_value: { values: keyValuesJson(value.value.values) } };
    case "bytesValue":
      return { bytes_value: value.value.toString("base64") };
  }
}

/** The names of an enum's numbers, from the object that holds its numbers by name. */
export function namesOfEnum(values: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(values).map(([name, number]) => [number, name]));
}

function fractionText(nanos: bigint): string {
  if (nanos === 0n) return "";
  const digits = nanos.toString().padStart(9, "0");
  return `.${digits.replace(/(000){1,2}$/, "")}`;
}
