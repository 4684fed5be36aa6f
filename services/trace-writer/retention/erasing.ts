import type { Logger } from "#lib/logger.ts";
import type { CommitCount, StoreEvent, TraceStore } from "../store/trace-store.ts";

/** Erases what was deleted, soon afterwards. */
export interface Erasing extends AsyncDisposable {
  /** Hears what a commit came to: there may be something to erase. What comes close together is erased together. */
  committed(events: CommitCount["events"]): void;
}

/** What leaves something behind that is to be erased, and how long after it that is done, in milliseconds. */
const ERASED_AFTER_MS: ReadonlyMap<StoreEvent, number> = new Map([
  ["trace_deleted", 1000],
  ["span_evicted", 1000],
  // Nobody has asked for it to be gone, and there are agents that send every span twice.
  ["span_conflict", 60_000],
]);

/** How long after the start it is looked for what an earlier process has left, in milliseconds. */
const START_MS = 1000;
/** When it is tried again, where the disk or a reader did not let it. */
const RETRY_MS = 5000;

/**
 * Begins with what an earlier process may not have come to erase. A failure is logged once, until it works again or
 * another comes.
 */
export function startErasing(store: Pick<TraceStore, "erase">, log: Logger): Erasing {
  const stop = new AbortController();
  let waiting: { readonly timer: NodeJS.Timeout; readonly dueMs: number } | undefined;
  let running = Promise.resolve();
  /** The words of the last failure. Undefined: it works. */
  let failing: string | undefined;

  const erase = async () => {
    try {
      if (!(await store.erase(stop.signal))) eraseAfter(RETRY_MS);
      failing = undefined;
    } catch (error) {
      if (stop.signal.aborted) return;
      const words = wordsOf(error);
      if (words !== failing) log.warn({ err: error }, "what was deleted cannot be erased from the disk yet");
      failing = words;
      eraseAfter(RETRY_MS);
    }
  };
  const eraseAfter = (ms: number) => {
    const dueMs = performance.now() + ms;
    if (stop.signal.aborted || (waiting !== undefined && waiting.dueMs <= dueMs)) return;
    clearTimeout(waiting?.timer);
    const timer = setTimeout(() => {
      waiting = undefined;
      running = running.then(erase);
    }, ms);
    waiting = { timer, dueMs };
  };
  eraseAfter(START_MS);
  return {
    committed(events) {
      for (const [event, ms] of ERASED_AFTER_MS) if (events.has(event)) eraseAfter(ms);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      clearTimeout(waiting?.timer);
      await running;
    },
  };
}

/** Two failures of the same words are one. */
function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.message}\n${wordsOf(error.cause)}` : String(error);
}
