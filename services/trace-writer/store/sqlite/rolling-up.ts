import { setTimeout as pause } from "node:timers/promises";

/** So long commits have their turn between two of its own, in milliseconds: where none waits, and where some do. */
const PAUSE_MS = 8;
const BUSY_PAUSE_MS = 50;

/** The writer, as far as hours are added up by it. */
export interface RollingWriter {
  /** Does some of a round, and resolves with whether there is more of it. */
  rollUp(): Promise<boolean>;
  /** Whether commits wait for it. */
  readonly isBusy: boolean;
}

/**
 * Has hours added up in the background, a round every `everyMs`, slower while there is much to commit. When the
 * writer rejects it has ended, as all who write are told, and so does this. Disposing of it ends it too.
 */
export function startRollingUp(everyMs: number, writer: RollingWriter): AsyncDisposable {
  const stop = new AbortController();
  const rolling = keepRolling(everyMs, writer, stop.signal).catch(() => undefined);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await rolling;
    },
  };
}

async function keepRolling(everyMs: number, writer: RollingWriter, signal: AbortSignal): Promise<void> {
  let pauseMs = everyMs;
  while (await isAfter(pauseMs, signal)) {
    const isMore = await writer.rollUp();
    if (isMore) pauseMs = writer.isBusy ? BUSY_PAUSE_MS : PAUSE_MS;
    else pauseMs = everyMs;
  }
}

async function isAfter(ms: number, signal: AbortSignal): Promise<boolean> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}
