import { ServiceError } from "#lib/service-error.ts";
import { isObject, type JsonObject } from "../json-value.ts";

/** A member of the wrong kind. The path grows as the fault travels outwards: `spans[3].traceId`. */
class FieldFault extends Error {
  readonly path: string;
  readonly rule: string;

  constructor(path: string, rule: string, options?: ErrorOptions) {
    super(`${path}: ${rule}`, options);
    this.path = path;
    this.rule = rule;
  }
}

/** Runs a reader; a fault in it is thrown as `invalid_request`, with the path of the member and the rule it breaks. */
export function readingFields<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FieldFault)) throw error;
    throw new ServiceError("invalid_request", `OTLP/JSON, ${error.path}: ${error.rule}.`, {
      cause: error,
      field: error.path,
    });
  }
}

/** A value that must be an object. */
export function objectOf(value: unknown, path: string): JsonObject {
  if (isObject(value)) return value;
  throw new FieldFault(path, "must be an object");
}

/** A member that is an object, read by `read`. Undefined: it is absent. */
export function memberOf<Result>(
  object: JsonObject,
  name: string,
  read: (member: JsonObject) => Result,
): Result | undefined {
  const value = object[name] ?? undefined;
  return value === undefined ? undefined : under(name, () => read(objectOf(value, "")));
}

/** A member that is a list of objects, each read by `read`. Absent: empty. */
export function listOf<Result>(object: JsonObject, name: string, read: (item: JsonObject) => Result): Result[] {
  const value = object[name] ?? [];
  if (!Array.isArray(value)) throw new FieldFault(name, "must be a list");
  return value.map((item: unknown, index) => under(`${name}[${index}]`, () => read(objectOf(item, ""))));
}

/** A member that is a list of texts. Absent: empty. */
export function textsOf(object: JsonObject, name: string): string[] {
  const value = object[name] ?? [];
  if (Array.isArray(value) && value.every((item): item is string => typeof item === "string")) return value;
  throw new FieldFault(name, "must be a list of texts");
}

/** A member that is text. Absent: empty. */
export function textOf(object: JsonObject, name: string): string {
  const value = object[name] ?? "";
  if (typeof value === "string") return value;
  throw new FieldFault(name, "must be text");
}

/** A member that is true or false. Absent: false. */
export function flagOf(object: JsonObject, name: string): boolean {
  const value = object[name] ?? false;
  if (typeof value === "boolean") return value;
  throw new FieldFault(name, "must be true or false");
}

/** A member that holds bytes as hex digits, in any case: OTLP writes its ids so. Absent: empty. */
export function hexOf(object: JsonObject, name: string): Buffer {
  const value = textOf(object, name);
  if (/^([0-9a-fA-F]{2})*$/.test(value)) return Buffer.from(value, "hex");
  throw new FieldFault(name, "must be hex digits");
}

/** A member that holds bytes as base64. Absent: empty. */
export function base64Of(object: JsonObject, name: string): Buffer {
  const value = textOf(object, name);
  if (/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) return Buffer.from(value, "base64");
  throw new FieldFault(name, "must be base64");
}

/** A member that is a floating-point number, or its text (`NaN`, `Infinity`). Absent: 0. */
export function doubleOf(object: JsonObject, name: string): number {
  const value = object[name] ?? 0;
  if (typeof value === "number") return value;
  if (value === "NaN") return Number.NaN;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
  if (!Number.isNaN(number)) return number;
  throw new FieldFault(name, "must be a number");
}

/** A member that is a whole number of 64 bits with sign, as a number or as decimal text. Absent: 0. */
export function int64Of(object: JsonObject, name: string): bigint {
  return wholeOf(object, name, -(2n ** 63n), 2n ** 63n - 1n);
}

/** A member that is a whole number of 64 bits without sign. Absent: 0. */
export function uint64Of(object: JsonObject, name: string): bigint {
  return wholeOf(object, name, 0n, 2n ** 64n - 1n);
}

/** A member that is a whole number of 32 bits without sign. Absent: 0. */
export function uint32Of(object: JsonObject, name: string): number {
  return Number(wholeOf(object, name, 0n, 2n ** 32n - 1n));
}

/**
 * A member that is an enum: by number, as OTLP writes it, or by the name that protobuf's own writers send. A number
 * that is not known is `unknown`. Absent: `unknown`.
 */
export function enumOf<Value extends number>(
  object: JsonObject,
  name: string,
  values: Readonly<Record<string, Value>>,
  unknown: Value,
): Value {
  const value = object[name] ?? unknown;
  const named = typeof value === "string" && Object.hasOwn(values, value) ? values[value] : undefined;
  if (named !== undefined && named >= 0) return named;
  if (!Number.isInteger(value)) throw new FieldFault(name, "must be the enum's number");
  return Object.values(values).find((known) => known === value) ?? unknown;
}

/** Throws when a nesting is too deep to be encoded. */
export function requireDepth(depth: number, depthMax: number): void {
  if (depth > depthMax) throw new FieldFault("value", `must not be nested more than ${depthMax} deep`);
}

function wholeOf(object: JsonObject, name: string, min: bigint, max: bigint): bigint {
  const value = object[name] ?? 0;
  const isWhole =
    typeof value === "number" ? Number.isInteger(value) : typeof value === "string" && /^-?\d{1,20}$/.test(value);
  const whole = isWhole && (typeof value === "number" || typeof value === "string") ? BigInt(value) : undefined;
  if (whole !== undefined && whole >= min && whole <= max) return whole;
  throw new FieldFault(name, `must be a whole number from ${min} to ${max}`);
}

function under<Result>(path: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FieldFault)) throw error;
    throw new FieldFault(error.path === "" ? path : `${path}.${error.path}`, error.rule, { cause: error });
  }
}
