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
