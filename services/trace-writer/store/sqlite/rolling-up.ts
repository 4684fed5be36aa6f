import { setTimeout as pause } from "node:timers/promises";

/** So long commits have their turn between two of its own, in milliseconds. */
const PAUSE_MS = 8;

/**
 * Has hours added up in the background, a round every `everyMs`. `rollUp` does some of one, and resolves with whether
 * there is more of it. When it rejects there is no writer any more, as all who write are told, and this ends. So does
 * disposing of it.
 */
export function startRollingUp(everyMs: number, rollUp: () => Promise<boolean>): AsyncDisposable {
  const stop = new AbortController();
  const rolling = keepRolling(everyMs, rollUp, stop.signal).catch(() => undefined);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await rolling;
    },
  };
}

async function keepRolling(everyMs: number, rollUp: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  let isMore = false;
  while (await isAfter(isMore ? PAUSE_MS : everyMs, signal)) isMore = await rollUp();
}

async function isAfter(ms: number, signal: AbortSignal): Promise<boolean> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}
