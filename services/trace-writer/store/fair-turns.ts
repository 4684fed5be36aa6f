/** Does one piece of work after another. Owners take turns: who asks for much waits for what it asked itself, and others hardly. */
export interface FairTurns {
  /** Does it when its turn comes. */
  take<Result>(owner: string, work: () => Promise<Result>): Promise<Result>;
  /** Resolves when nothing waits and nothing is done. */
  idle(): Promise<void>;
}

/** Nothing waits yet. */
export function createFairTurns(): FairTurns {
  /** What waits, by owner: the one whose turn is next first. */
  const waiting = new Map<string, (() => Promise<void>)[]>();
  let working: Promise<void> | undefined;

  async function workThrough(): Promise<void> {
    for (let next = takeNext(waiting); next !== undefined; next = takeNext(waiting)) await next();
    working = undefined;
  }

  return {
    take<Result>(owner: string, work: () => Promise<Result>) {
      const { promise, resolve, reject } = Promise.withResolvers<Result>();
      const own = waiting.get(owner) ?? [];
      own.push(() => work().then(resolve, reject));
      waiting.set(owner, own);
      working ??= workThrough();
      return promise;
    },
    idle: async () => working,
  };
}

/** The first of the owner whose turn it is, who comes last from then on. */
function takeNext<Work>(waiting: Map<string, Work[]>): Work | undefined {
  for (const [owner, [next, ...others]] of waiting) {
    waiting.delete(owner);
    if (others.length > 0) waiting.set(owner, others);
    return next;
  }
  return undefined;
}
