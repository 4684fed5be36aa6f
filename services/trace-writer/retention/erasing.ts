import type { Logger } from "#lib/logger.ts";
import type { StoreEvent, TraceStore } from "../store/trace-store.ts";

/** Erases what was deleted, soon afterwards. */
export interface Erasing extends AsyncDisposable {
  /** There may be something to erase. Deletions that come close together are erased together. */
  wake(): void;
}

/** What leaves something behind that is to be erased. */
export const ERASED_AFTER: readonly StoreEvent[] = ["trace_deleted", "span_evicted"];

/** How long after a deletion it is erased, in milliseconds. */
const AFTER_MS = 1000;
/** When it is tried again, where the disk or a reader did not let it. */
const RETRY_MS = 5000;

/** Begins with what an earlier process may not have come to erase. A failure is logged once, until it works again. */
export function startErasing(store: Pick<TraceStore, "erase">, log: Logger): Erasing {
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  let isFailing = false;

  const erase = async () => {
    try {
      if (!(await store.erase(stop.signal))) wakeAfter(RETRY_MS);
      isFailing = false;
    } catch (error) {
      if (stop.signal.aborted) return;
      if (!isFailing) log.warn({ err: error }, "what was deleted cannot be erased from the disk yet");
      isFailing = true;
      wakeAfter(RETRY_MS);
    }
  };
  const wakeAfter = (ms: number) => {
    if (stop.signal.aborted) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      running = running.then(erase);
    }, ms);
  };
  wakeAfter(AFTER_MS);
  return {
    wake: () => wakeAfter(AFTER_MS),
    async [Symbol.asyncDispose]() {
      stop.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
