import { type ForwardRoutes, NO_ROUTES, type WorkspaceRoutes } from "../../core/forward-routes.ts";
import type { NamedExperiment, SpanOrigin } from "../../core/span-row.ts";
import type { ForwardItem } from "../forward-queue.ts";
import type { WorkingTrace } from "./working-trace.ts";

/** What is to wait for a destination. */
export interface ForwardWait extends Pick<ForwardItem, "chunk" | "withoutMirrors" | "spans"> {
  readonly destination: string;
}

/** Finds out what of a commit is to be forwarded, and where to. */
export interface ForwardWaits {
  /** Notes that spans were stored within the transaction at hand. */
  noteStored(traceRef: bigint, chunk: bigint, origin: SpanOrigin, spans: number): void;
  /** What there is to forward of a trace that was summed up. */
  of(trace: SummedUpTrace, owner: NamedExperiment | undefined, spans: number): readonly ForwardWait[];
  /** Forgets what was noted. */
  forget(): void;
}

/** A trace that was summed up, as readers saw it before. */
type SummedUpTrace = Pick<WorkingTrace, "ref" | "workspace" | "experimentId" | "startNs">;

/** Spans that were stored together. */
interface Stored {
  readonly chunk: bigint;
  readonly isMirror: boolean;
  readonly spans: number;
}

/** By the routes. Where nothing has one, nothing is noted. */
export function createForwardWaits(routes: ForwardRoutes): ForwardWaits {
  const hasRoutes = routes.size > 0;
  const stored = new Map<bigint, Stored[]>();
  return {
    noteStored(traceRef, chunk, origin, spans) {
      if (!hasRoutes) return;
      const notes = stored.get(traceRef) ?? [];
      notes.push({ chunk, isMirror: origin === "mirror-gateway" || origin === "mirror-attempt", spans });
      stored.set(traceRef, notes);
    },
    of(trace, owner, spans) {
      if (!hasRoutes) return [];
      const notes = stored.get(trace.ref) ?? [];
      const own = routes.get(trace.workspace) ?? NO_ROUTES;
      return [...mirrorWaitsOf(notes, own), ...ownerWaitsOf(trace, owner, notes, spans, own)];
    },
    forget: () => stored.clear(),
  };
}

/** Mirrors do not wait for an owner. */
function mirrorWaitsOf(notes: readonly Stored[], { mirrors }: WorkspaceRoutes): readonly ForwardWait[] {
  return notes
    .filter(({ isMirror }) => isMirror)
    .flatMap(({ chunk, spans }) =>
      mirrors.map((destination) => ({ destination, chunk, withoutMirrors: false, spans })),
    );
}

/** A new owner's destinations get the whole trace; an old one's what was added. Mirrors that wait already do not again. */
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
      .filter(({ isMirror }) => !(isMirror && withoutMirrors))
      .map(({ chunk, spans }) => ({ destination, chunk, withoutMirrors, spans }));
  });
}
