import type { AnyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";
import type { Attributes } from "./read-attributes.ts";

/** Names beyond so many parts are not cut further. */
const PARTS_MAX = 12;

/** A place in a value that was cut into attributes: a value, or what is below it by name. */
interface Place {
  value: AnyValue | undefined;
  readonly below: Map<string, Place>;
}

/**
 * A value that was cut into attributes, put together again: `prompt.0.role` and `prompt.0.content`, with the prefix
 * `prompt.`, are a list with one object. Numbers are places in a list, in their order; a gap is closed. Undefined: no
 * key has the prefix and then a number.
 */
export function gathered(attributes: Attributes, prefix: string): AnyValue | undefined {
  const root = emptyPlace();
  for (const [key, value] of attributes) {
    const path = key.startsWith(prefix) ? key.slice(prefix.length) : "";
    if (/^\d/.test(path)) placeAt(root, partsOf(path)).value = value;
  }
  return root.below.size === 0 ? undefined : wholeOf(root);
}

function partsOf(path: string): readonly string[] {
  const parts = path.split(".");
  return parts.length <= PARTS_MAX ? parts : [...parts.slice(0, PARTS_MAX), parts.slice(PARTS_MAX).join(".")];
}

function placeAt(root: Place, parts: readonly string[]): Place {
  let place = root;
  for (const part of parts) {
    const next = place.below.get(part) ?? emptyPlace();
    place.below.set(part, next);
    place = next;
  }
  return place;
}

function emptyPlace(): Place {
  return { value: undefined, below: new Map() };
}

function wholeOf({ value, below }: Place): AnyValue {
  if (below.size === 0) return value ?? { value: undefined };
  const names = [...below.keys()];
  if (names.every((name) => /^\d{1,9}$/.test(name))) {
    const inOrder = [...below].toSorted(([a], [b]) => Number(a) - Number(b));
    return { value: { $case: "arrayValue", value: { values: inOrder.map(([, place]) => wholeOf(place)) } } };
  }
  const values = Array.from(below, ([key, place]) => ({ key, value: wholeOf(place) }));
  return { value: { $case: "kvlistValue", value: { values } } };
}
