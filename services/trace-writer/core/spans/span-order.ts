import type { SpanRow, StoredSpanRow } from "./span-row.ts";

/** The order of spans that decides who owns and names a trace: roots before others, earlier start, smaller id. */
export function compareByRank(a: SpanRow, b: SpanRow): number {
  const aRoot = a.parentId === undefined;
  if (aRoot !== (b.parentId === undefined)) return aRoot ? -1 : 1;
  return compareByStart(a, b);
}

/** The order in which spans are read: earlier start, then smaller id. */
function compareByStart(a: SpanRow, b: SpanRow): number {
  if (a.startNs !== b.startNs) return a.startNs < b.startNs ? -1 : 1;
  return a.spanId < b.spanId ? -1 : a.spanId > b.spanId ? 1 : 0;
}

/** What becomes of a span that comes under an id that is taken. */
export type Conflict = "replaces" | "duplicate" | "loses";

/**
 * Decides between two spans of one id, so that any order of arrival leaves the same one: what the gateway wrote is
 * never replaced by an agent's span, and replaces it; between two agents' spans the later end wins, then the larger
 * content hash, then the experiment whose name sorts first. What the gateway wrote is not replaced by what it writes
 * later.
 */
export function conflictOf(stored: StoredSpanRow, arriving: StoredSpanRow): Conflict {
  if (stored.origin !== "agent") return "loses";
  if (arriving.origin !== "agent") return "replaces";
  if (stored.endNs !== arriving.endNs) return stored.endNs < arriving.endNs ? "replaces" : "loses";
  if (stored.contentHash !== arriving.contentHash) {
    return stored.contentHash < arriving.contentHash ? "replaces" : "loses";
  }
  const storedName = stored.experiment?.name ?? "";
  const arrivingName = arriving.experiment?.name ?? "";
  return arrivingName < storedName ? "replaces" : "duplicate";
}
