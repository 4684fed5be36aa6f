import { createHash } from "node:crypto";
import type { Facet } from "../../core/search/trace-facets.ts";

/**
 * What stands for a value that traces are looked up by: 128 bits of a digest, 32 hex digits. So an index holds keys of
 * one length, however long values are, and two values do not meet.
 */
export function facetKeyOf({ name, value }: Facet): string {
  return createHash("sha256").update(`${name}\0${value}`).digest("hex").slice(0, 32);
}

/** So many keys are remembered; then all are forgotten. Most traces have the same few values. */
const REMEMBERED_MAX = 10_000;

/** The same, remembering. */
export function createFacetKeys(): (facet: Facet) => string {
  const known = new Map<string, string>();
  return (facet) => {
    const text = `${facet.name}\0${facet.value}`;
    const remembered = known.get(text);
    if (remembered !== undefined) return remembered;
    if (known.size >= REMEMBERED_MAX) known.clear();
    const key = facetKeyOf(facet);
    known.set(text, key);
    return key;
  };
}
