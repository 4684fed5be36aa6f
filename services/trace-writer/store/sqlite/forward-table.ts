import type { DatabaseSync } from "node:sqlite";
import type { ForwardRoutes } from "../../core/forward-routes.ts";
import type { NamedExperiment, SpanOrigin } from "../../core/span-row.ts";
import type { ForwardItem, Trimmed } from "../forward-queue.ts";
import { integerIn, type Row } from "./columns.ts";
import type { WorkingTrace } from "./working-trace.ts";

/** What waits to be forwarded, as a writer uses it. */
export interface ForwardTable {
  /** Notes that spans were stored within the transaction at hand. They wait from `add` on. */
  noteStored(traceRef: bigint, chunk: bigint, origin: SpanOrigin, spans: number): void;
  /** Puts in wait what there is to forward of a trace that was summed up. Returns how many items that made. */
  add(trace: WorkingTrace, owner: NamedExperiment | undefined, spans: number, nowMs: number): number;
  /** Forgets what was noted. */
  forgetNotes(): void;
  /** Carries a removal out. */
  remove(removal: ForwardRemoval): Trimmed;
}

/** What is to be removed, as it goes to the writer's thread. */
export type ForwardRemoval =
  | { readonly kind: "items"; readonly seqs: readonly bigint[] }
  | { readonly kind: "all_but_newest"; readonly destination: string; readonly keep: number }
  | { readonly kind: "other_destinations"; readonly destinations: readonly string[] };

/** Spans that were stored together. */
interface Stored {
  readonly chunk: bigint;
  readonly isMirror: boolean;
  readonly spans: number;
}

/** The table of what waits to be forwarded. Where nothing has a route, nothing is written. */
export function openForwardTable(db: DatabaseSync, routes: ForwardRoutes): ForwardTable {
  const insert = db.prepare(`
    INSERT INTO forwards (destination, workspace, trace_id, chunk, without_mirrors, spans, added_ms)
    SELECT ?2, workspace, trace_id, ?3, ?4, ?5, ?6 FROM traces WHERE ref = ?1`);
  const removeItem = db.prepare("DELETE FROM forwards WHERE seq = ? RETURNING spans");
  const removeOld = db.prepare(`
    DELETE FROM forwards WHERE destination = ?1 AND seq <= (
      SELECT seq FROM forwards WHERE destination = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2
    ) RETURNING spans`);
  const removeOthers = db.prepare(
    "DELETE FROM forwards WHERE destination NOT IN (SELECT value FROM json_each(?)) RETURNING spans",
  );
  const hasRoutes = routes.mirrors.length > 0 || routes.experiments.size > 0;
  const stored = new Map<bigint, Stored[]>();
  return {
    noteStored(traceRef, chunk, origin, spans) {
      if (!hasRoutes) return;
      const notes = stored.get(traceRef) ?? [];
      notes.push({ chunk, isMirror: origin === "mirror-gateway" || origin === "mirror-attempt", spans });
      stored.set(traceRef, notes);
    },
    add(trace, owner, spansOfTrace, nowMs) {
      if (!hasRoutes) return 0;
      const notes = stored.get(trace.ref) ?? [];
      const waits = [...mirrorWaitsOf(notes, routes), ...ownerWaitsOf(trace, owner, notes, spansOfTrace, routes)];
      for (const { destination, chunk, withoutMirrors, spans } of waits) {
        insert.run(trace.ref, destination, chunk ?? null, withoutMirrors ? 1 : 0, spans, nowMs);
      }
      return waits.length;
    },
    forgetNotes: () => stored.clear(),
    remove(removal) {
      switch (removal.kind) {
        case "items":
          return trimmedOf(removal.seqs.flatMap((seq) => removeItem.all(seq)));
        case "all_but_newest":
          return trimmedOf(removeOld.all(removal.destination, removal.keep));
        case "other_destinations":
          return trimmedOf(removeOthers.all(JSON.stringify(removal.destinations)));
      }
    },
  };
}

/** A row to be. */
interface Wait extends Pick<ForwardItem, "chunk" | "withoutMirrors" | "spans"> {
  readonly destination: string;
}

/** Mirrors do not wait for an owner. */
function mirrorWaitsOf(notes: readonly Stored[], { mirrors }: ForwardRoutes): readonly Wait[] {
  return notes
    .filter(({ isMirror }) => isMirror)
    .flatMap(({ chunk, spans }) =>
      mirrors.map((destination) => ({ destination, chunk, withoutMirrors: false, spans })),
    );
}

/** A new owner's destinations get the whole trace; an old one's what was added. Mirrors that wait already do not again. */
function ownerWaitsOf(
  trace: WorkingTrace,
  owner: NamedExperiment | undefined,
  notes: readonly Stored[],
  spansOfTrace: number,
  routes: ForwardRoutes,
): readonly Wait[] {
  if (spansOfTrace === 0) return [];
  const destinations = (owner && routes.experiments.get(owner.name)) ?? [];
  const isNew = trace.startNs === 0n || trace.experimentId !== owner?.id;
  return destinations.flatMap((destination): readonly Wait[] => {
    const withoutMirrors = routes.mirrors.includes(destination);
    if (isNew) return [{ destination, chunk: undefined, withoutMirrors, spans: spansOfTrace }];
    return notes
      .filter(({ isMirror }) => !(isMirror && withoutMirrors))
      .map(({ chunk, spans }) => ({ destination, chunk, withoutMirrors, spans }));
  });
}

function trimmedOf(rows: readonly Row[]): Trimmed {
  return { items: rows.length, spans: rows.reduce((sum, row) => sum + Number(integerIn(row, "spans")), 0) };
}
