import { traceNameOf } from "#lib/ids.ts";
import { booleanOf, numberOf, readAttributes, textOf } from "#lib/spans/read-attributes.ts";
import type { WaterfallRow } from "./waterfall-rows.ts";

/** A span's other twin, as the span itself says it. */
export interface TwinLink {
  /** `tr-…`. */
  readonly traceId: string;
  /** In hex. */
  readonly spanId: string;
  /** Which of the two is there. */
  readonly leadsTo: "full" | "mirror";
  /** Whether that trace was deleted, or was not kept. */
  readonly isExpired: boolean;
}

/** The link of a call's span to its other twin. Undefined: it has none. */
export function twinLinkOf({ span }: WaterfallRow): TwinLink | undefined {
  for (const link of span.links) {
    const attributes = readAttributes(link.attributes);
    const leadsTo = textOf(attributes, "twinspan.link");
    if (leadsTo !== "full" && leadsTo !== "mirror") continue;
    return {
      traceId: traceNameOf(link.traceId.toString("hex")),
      spanId: link.spanId.toString("hex"),
      leadsTo,
      isExpired: booleanOf(attributes, "twinspan.link.expired"),
    };
  }
  return undefined;
}

/** The link that holds for a row: its own, or that of the call whose attempt it is. `at` is its place among the rows. */
export function twinLinkAt(rows: readonly WaterfallRow[], at: number): TwinLink | undefined {
  for (let above = at, depth = Number.POSITIVE_INFINITY; above >= 0; above -= 1) {
    const row = rows[above];
    if (row === undefined || row.depth >= depth) continue;
    const link = twinLinkOf(row);
    if (link !== undefined || !row.isMirror) return link;
    depth = row.depth;
  }
  return undefined;
}

/** The spans of two traces that are the same, by id, both ways: calls by their links, attempts by their order within. */
export function twinPairsOf(
  some: readonly WaterfallRow[],
  others: readonly WaterfallRow[],
): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  const pair = (one: string, other: string) => pairs.set(one, other).set(other, one);
  const places = new Map(others.map(({ id }, at) => [id, at]));
  for (const [at, row] of some.entries()) {
    const link = twinLinkOf(row);
    const place = link === undefined ? undefined : places.get(link.spanId);
    const twin = place === undefined ? undefined : others[place];
    if (place === undefined || twin === undefined) continue;
    pair(row.id, twin.id);
    const attempts = new Map(attemptsBelow(others, place));
    for (const [index, id] of attemptsBelow(some, at)) {
      const other = attempts.get(index);
      if (other !== undefined) pair(id, other);
    }
  }
  return pairs;
}

function attemptsBelow(rows: readonly WaterfallRow[], at: number): readonly (readonly [index: number, id: string])[] {
  const call = rows[at];
  if (call === undefined) return [];
  return rows.slice(at + 1, at + 1 + call.below).flatMap(({ id, span }) => {
    const index = numberOf(readAttributes(span.attributes), "twinspan.attempt.index");
    return index === undefined ? [] : [[index, id] as const];
  });
}
