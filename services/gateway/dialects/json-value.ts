/** A JSON object, whose fields may be anything. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object, and no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of a JSON text. Undefined: it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A whole number that is no less than 0. Undefined: the value is none. */
export function countOf(value: unknown): bigint | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined;
}

/** Whether a value is a place in a list of at most so many items. */
export function isPlace(value: unknown, itemsMax: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value < itemsMax;
}

/** Whether a JSON value is nested more than `levels` deep. Looks no deeper than that, so that no value is too deep for it. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}
