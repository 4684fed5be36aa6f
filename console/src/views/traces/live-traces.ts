import type { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";

/** What came since the list was read. */
export interface LiveTraces {
  /** As they are now, by id. */
  readonly changed: ReadonlyMap<string, TraceInfo>;
  /** Those of them that were let into the list. */
  readonly admitted: ReadonlySet<string>;
}

/** Nothing yet. */
export const NOTHING_NEW: LiveTraces = { changed: new Map(), admitted: new Set() };

/** So many are kept; beyond, the oldest that were not let in are forgotten until the list is read anew. */
const CHANGED_MAX = 2000;

/** With traces that came. */
export function withChanged(live: LiveTraces, traces: readonly TraceInfo[]): LiveTraces {
  const changed = new Map(live.changed);
  for (const trace of traces) {
    changed.delete(trace.traceId);
    changed.set(trace.traceId, trace);
  }
  for (const id of changed.keys()) {
    if (changed.size <= CHANGED_MAX) break;
    if (!live.admitted.has(id)) changed.delete(id);
  }
  return { ...live, changed };
}

/** With everything let in that came. */
export function withAllAdmitted(live: LiveTraces): LiveTraces {
  return { ...live, admitted: new Set(live.changed.keys()) };
}

/** The list, newest first, and how many wait to be let in. */
export interface ListedTraces {
  readonly traces: readonly TraceInfo[];
  readonly waiting: number;
}

/**
 * The list that was read, with what came since: those in it as they are now, new ones in their place by their start,
 * once they are let in. One that is older than all that was read, where there is more to read, comes with its page.
 */
export function listedTraces(read: readonly TraceInfo[], isAllRead: boolean, live: LiveTraces): ListedTraces {
  const ids = new Set(read.map(({ traceId }) => traceId));
  const oldest = read.at(-1)?.startTimeUnixNano;
  const isWithin = (trace: TraceInfo) => isAllRead || oldest === undefined || trace.startTimeUnixNano >= oldest;
  const fresh = [...live.changed.values()].filter((trace) => !ids.has(trace.traceId) && isWithin(trace));
  const admitted = fresh.filter(({ traceId }) => live.admitted.has(traceId)).toSorted(newestFirst);
  const current = read.map((trace) => live.changed.get(trace.traceId) ?? trace);
  return { traces: merged(admitted, current), waiting: fresh.length - admitted.length };
}

function newestFirst(one: TraceInfo, other: TraceInfo): number {
  return one.startTimeUnixNano === other.startTimeUnixNano
    ? 0
    : one.startTimeUnixNano > other.startTimeUnixNano
      ? -1
      : 1;
}

/** Two lists that are each in order, as one. */
function merged(some: readonly TraceInfo[], others: readonly TraceInfo[]): readonly TraceInfo[] {
  if (some.length === 0) return others;
  const all: TraceInfo[] = [];
  let next = 0;
  for (const other of others) {
    for (let one = some[next]; one !== undefined && newestFirst(one, other) <= 0; one = some[next]) {
      all.push(one);
      next += 1;
    }
    all.push(other);
  }
  return [...all, ...some.slice(next)];
}
