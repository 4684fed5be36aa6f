import { type ForwardRoutes, NO_ROUTES, type WorkspaceRoutes } from "../../core/forwarding/forward-routes.ts";
import { callerKeyIn } from "../../core/records/stored-caller.ts";
import type { NamedExperiment, SpanOrigin } from "../../core/spans/span-row.ts";
import type { ForwardItem } from "../forward-queue.ts";
import type { WorkingTrace } from "./working-trace.ts";

/** What is to wait for a destination. */
export interface ForwardWait extends Pick<ForwardItem, "chunk" | "withoutMirrors" | "spans"> {
  readonly destination: string;
}

/** Finds out what of a commit is to be forwarded, and where to. */
export interface ForwardWaits {
  /** Notes that spans were stored within the transaction at hand. `bytes` are those of their `SpanBatch`. */
  noteStored(traceRef: bigint, chunk: bigint, origin: SpanOrigin, spans: number, bytes: Uint8Array): void;
  /** What there is to forward of a trace that was summed up. */
  of(trace: SummedUpTrace, owner: NamedExperiment | undefined, spans: number): readonly ForwardWait[];
  /** Forgets what was noted. */
  forget(): void;
  /** Takes other routes, between two transactions. */
  routeBy(routes: ForwardRoutes): void;
}

/** A trace that was summed up, as readers saw it before. */
type SummedUpTrace = Pick<WorkingTrace, "ref" | "workspace" | "experimentId" | "startNs">;

/** Spans that were stored together. */
interface Stored {
  readonly chunk: bigint;
  readonly isMirror: boolean;
  /** Whose call a mirror is of. Empty: no key that is known here by its name. */
  readonly callerKey: string;
  readonly spans: number;
}

/** By the routes. Where nothing has one, nothing is noted. */
export function createForwardWaits(routesAtFirst: ForwardRoutes): ForwardWaits {
  let routes = routesAtFirst;
  let hasKeys = hasKeyRoutes(routes);
  const stored = new Map<bigint, Stored[]>();
  return {
    noteStored(traceRef, chunk, origin, spans, bytes) {
      if (routes.size === 0) return;
      const notes = stored.get(traceRef) ?? [];
      const isMirror = origin === "mirror-gateway" || origin === "mirror-attempt";
      notes.push({ chunk, isMirror, callerKey: isMirror && hasKeys ? callerKeyIn(bytes) : "", spans });
      stored.set(traceRef, notes);
    },
    of(trace, owner, spans) {
      if (routes.size === 0) return [];
      const notes = stored.get(trace.ref) ?? [];
      const own = routes.get(trace.workspace) ?? NO_ROUTES;
      return [...mirrorWaitsOf(notes, own), ...ownerWaitsOf(trace, owner, notes, spans, own)];
    },
    forget: () => stored.clear(),
    routeBy(others) {
      routes = others;
      hasKeys = hasKeyRoutes(others);
    },
  };
}

function hasKeyRoutes(routes: ForwardRoutes): boolean {
  return routes.values().some(({ keys }) => keys.size > 0);
}

/** Mirrors do not wait for an owner. */
function mirrorWaitsOf(notes: readonly Stored[], routes: WorkspaceRoutes): readonly ForwardWait[] {
  return notes.flatMap((note) =>
    mirrorDestinationsOf(note, routes).map((destination) => {
      const { chunk, spans } = note;
      return { destination, chunk, withoutMirrors: false, spans };
    }),
  );
}

/** Each once: those of its workspace, and those of the key whose call it is of. */
function mirrorDestinationsOf({ isMirror, callerKey }: Stored, { mirrors, keys }: WorkspaceRoutes): readonly string[] {
  if (!isMirror) return [];
  const ofKey = keys.get(callerKey) ?? [];
  return ofKey.length === 0 ? mirrors : [...new Set([...mirrors, ...ofKey])];
}

/**
 * A new owner's destinations get the whole trace; an old one's what was added. Mirrors that wait already do not again,
 * but those of a key with the whole trace, which may have mirrors of others.
 */
function ownerWaitsOf(
  trace: SummedUpTrace,
  owner: NamedExperiment | undefined,
  notes: readonly Stored[],
  spansOfTrace: number,
  routes: WorkspaceRoutes,
): readonly ForwardWait[] {
  if (spansOfTrace === 0) return [];
  const destinations = (owner && routes.experiments.get(owner.name)) ?? [];
  const isNew = trace.startNs === 0n || trace.experimentId !== owner?.id;
  return destinations.flatMap((destination): readonly ForwardWait[] => {
    const withoutMirrors = routes.mirrors.includes(destination);
    if (isNew) return [{ destination, chunk: undefined, withoutMirrors, spans: spansOfTrace }];
    return notes
      .filter((note) => !mirrorDestinationsOf(note, routes).includes(destination))
      .map(({ chunk, spans }) => ({ destination, chunk, withoutMirrors, spans }));
  });
}
