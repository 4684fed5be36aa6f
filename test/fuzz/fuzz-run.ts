import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";

/** What a worker is asked: to try a target with so many inputs, those that were saved first. */
export interface Asked {
  readonly target: string;
  readonly seed: number;
  readonly runs: number;
  readonly saved: readonly Uint8Array[];
}

/** What it tells. `input` is the shortest that was found to fail. */
export type Told =
  | { readonly kind: "passed"; readonly runs: number }
  | { readonly kind: "failed"; readonly input: Uint8Array; readonly reason: string };

/** Tries targets in a thread of its own, which is ended when it hangs over an input or takes too much memory. */
export interface Fuzzer extends AsyncDisposable {
  try(asked: Asked): Promise<Told>;
}

/** The largest input that is kept when the thread is ended over it, in bytes. */
const CURRENT_BYTES_MAX = 4 * 1024 * 1024;
/** What all inputs of one asking may take together: many times what they take on a busy machine. */
const ASKED_MS = 60_000;
const HEAP_MEBIBYTES_MAX = 512;

/** Starts one. */
export function startFuzzer(): Fuzzer {
  const current = new SharedArrayBuffer(CURRENT_BYTES_MAX);
  const length = new SharedArrayBuffer(4);
  let worker = start();

  function start(): Worker {
    const started = new Worker(new URL("./fuzz-worker.ts", import.meta.url), {
      workerData: { current, length },
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MEBIBYTES_MAX },
    });
    // Whoever waits for its answer hears of its end.
    started.on("error", () => {});
    return started;
  }

  async function tellsOf(asked: Asked): Promise<Told> {
    worker.postMessage(asked);
    const watched = new AbortController();
    const { signal } = watched;
    try {
      return await Promise.race([
        once(worker, "message", { signal }).then(([told]): Told => told),
        once(worker, "exit", { signal }).then((): Told => failed("it exhausted its memory")),
        delay(ASKED_MS, undefined, { signal }).then((): Told => failed("it does not come to an end")),
      ]);
    } catch (error) {
      return failed(String(error));
    } finally {
      watched.abort();
    }
  }

  function failed(reason: string): Told {
    const [bytes = 0] = new Uint32Array(length);
    return { kind: "failed", input: Buffer.from(Buffer.from(current).subarray(0, bytes)), reason };
  }

  return {
    async try(asked) {
      const told = await tellsOf(asked);
      if (told.kind === "failed") {
        await worker.terminate();
        worker = start();
      }
      return told;
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
