/**
 * Does one piece of work after another. Owners take turns: who asks for much waits for what it asked itself, and others
 * hardly.
 */
export interface FairTurns {
  /** Does it when its turn comes. What waits when `signal` aborts is never begun, and rejects with the reason at once. */
  take<Result>(owner: string, signal: AbortSignal | undefined, work: () => Promise<Result>): Promise<Result>;
  /** Resolves when nothing waits and nothing is done. */
  idle(): Promise<void>;
}

/** Nothing waits yet. */
export function createFairTurns(): FairTurns {
  /** What waits, by owner: the one whose turn is next first. */
  const waiting = new Map<string, Set<() => Promise<void>>>();
  let working: Promise<void> | undefined;

  async function workThrough(): Promise<void> {
    for (let next = takeNext(waiting); next !== undefined; next = takeNext(waiting)) await next();
    working = undefined;
  }

  function giveUp(owner: string, work: () => Promise<void>): void {
    const own = waiting.get(owner);
    own?.delete(work);
    if (own?.size === 0) waiting.delete(owner);
  }

  return {
    async take<Result>(owner: string, signal: AbortSignal | undefined, work: () => Promise<Result>) {
      signal?.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<Result>();
      const begin = () => {
        signal?.removeEventListener("abort", leave);
        return work().then(resolve, reject);
      };
      const leave = () => {
        giveUp(owner, begin);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", leave, { once: true });
      waiting.set(owner, (waiting.get(owner) ?? new Set()).add(begin));
      working ??= workThrough();
      return promise;
    },
    idle: async () => working,
  };
}

/** The first of the owner whose turn it is, who comes last from then on. */
function takeNext<Work>(waiting: Map<string, Set<Work>>): Work | undefined {
  for (const [owner, own] of waiting) {
    waiting.delete(owner);
    const [next] = own;
    if (next === undefined) continue;
    own.delete(next);
    if (own.size > 0) waiting.set(owner, own);
    return next;
  }
  return undefined;
}
