import type { Identity } from "#lib/auth/identity.ts";
import { ServiceError } from "#lib/service-error.ts";

/** Places for those who follow traces: as many as there are, shared fairly by who asks. */
export interface TailPlaces {
  /**
   * Gives a place to a caller. Where all are taken, a workspace that has fewer than another gets one of that one's, and
   * within a workspace a caller that has fewer than another: who has most loses its newest. Throws `overloaded` where
   * nobody has more.
   */
  take(caller: Pick<Identity, "workspace" | "kind" | "name">): TailPlace;
}

/** A place. Disposing of it gives it back. */
export interface TailPlace extends Disposable {
  /** Aborts, with an `overloaded`, when it is given to somebody else. */
  readonly lost: AbortSignal;
}

interface Taken {
  readonly workspace: string;
  /** Unlike that of any other caller of the workspace. */
  readonly caller: string;
  readonly lose: AbortController;
}

/** `placesMax` places. */
export function createTailPlaces(placesMax: number): TailPlaces {
  /** In the order in which they were taken. */
  const taken = new Set<Taken>();
  return {
    take({ workspace, kind, name }) {
      const newcomer = { workspace, caller: `${kind} ${name}`, lose: new AbortController() };
      if (taken.size >= placesMax) {
        const loser = loserTo(newcomer, [...taken]);
        if (loser === undefined) throw full(`At most ${placesMax} tails are followed at once.`);
        taken.delete(loser);
        loser.lose.abort(full("The place of this tail was given to somebody who has fewer."));
      }
      taken.add(newcomer);
      return { lost: newcomer.lose.signal, [Symbol.dispose]: () => taken.delete(newcomer) };
    },
  };
}

/** Whose place a newcomer gets. Undefined: nobody has more than it would have then. */
function loserTo({ workspace, caller }: Taken, taken: readonly Taken[]): Taken | undefined {
  const byWorkspace = Map.groupBy(taken, (each) => each.workspace);
  const own = byWorkspace.get(workspace) ?? [];
  const most = longest(byWorkspace);
  if (most.length > own.length + 1) return longest(Map.groupBy(most, (each) => each.caller)).at(-1);
  const byCaller = Map.groupBy(own, (each) => each.caller);
  const mostOfOwn = longest(byCaller);
  return mostOfOwn.length > (byCaller.get(caller)?.length ?? 0) + 1 ? mostOfOwn.at(-1) : undefined;
}

function longest(groups: ReadonlyMap<string, readonly Taken[]>): readonly Taken[] {
  return groups.values().reduce((most: readonly Taken[], each) => (each.length > most.length ? each : most), []);
}

function full(words: string): ServiceError {
  return new ServiceError("overloaded", `${words} Try again later.`);
}
