import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 10;

/**
 * Waits for a fact: asks `probe` again and again until it answers something else than undefined or false, and returns
 * that. Fails after `withinMs`, with `what` in its words.
 */
export async function until<Fact>(
  what: string,
  probe: () => Promise<Fact | undefined | false> | Fact | undefined | false,
  withinMs = 30_000,
): Promise<Fact> {
  for (const end = Date.now() + withinMs; ; ) {
    const fact = await probe();
    if (fact !== undefined && fact !== false) return fact;
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(POLL_MS);
  }
}
