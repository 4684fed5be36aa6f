import { setImmediate } from "node:timers/promises";

/** So long a piece of work goes on, in milliseconds, before others have their turn: reads, health checks, other requests. */
const TURN_MS = 1;

/**
 * Does something with each of many, in their order, and lets others have their turn between two of them where it has
 * gone on for long. A batch of hundreds takes tens of milliseconds, in which no read would be answered.
 */
export async function mapInTurns<Item, Result>(
  items: Iterable<Item>,
  work: (item: Item) => Result,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let begun = performance.now();
  for (const item of items) {
    results.push(work(item));
    if (performance.now() - begun < TURN_MS) continue;
    await setImmediate();
    begun = performance.now();
  }
  return results;
}
