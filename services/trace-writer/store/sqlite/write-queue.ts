import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { ServiceError } from "#lib/service-error.ts";
import type { StoreObserver } from "../trace-store.ts";
import type { Write, WriteOutcome } from "./apply-write.ts";
import type { EraseOutcome } from "./erase-step.ts";
import type { EraseResult, WriteResult, WriterOptions, WriterReply, WriterRequest } from "./writer-worker.ts";

export interface WriteQueueOptions extends WriterOptions {
  /** How many requests share one commit at the most. */
  readonly commitBatchMax: number;
  /** How many bytes of requests may wait. Beyond it a request is turned away as `unavailable`. */
  readonly queueBytesMax: number;
}

/**
 * The way to the one writer: requests wait in a queue, and all that wait share the next commit, which runs in a thread of
 * its own. So a burst is absorbed for as long as its callers wait, and the busier it is the less a request costs.
 */
export interface WriteQueue extends AsyncDisposable {
  /**
   * Resolves when the write is durable. `bytes` is what it holds in memory. Rejects with the signal's reason when the
   * caller stops waiting before the write was begun, with `unavailable` when the queue is full or the disk is.
   */
  write(write: Write, bytes: number, signal: AbortSignal): Promise<WriteOutcome>;
  /** Takes a step of erasing between two commits. Rejects with `unavailable` where the disk does not let it. */
  eraseStep(): Promise<EraseOutcome>;
  readonly queuedBytes: number;
  /** Whether the thread lives. */
  readonly ready: boolean;
  /** Why the last commit failed. Undefined: it did not. */
  readonly degraded: string | undefined;
}

interface Waiting {
  readonly write: Write;
  readonly bytes: number;
  readonly resolve: (outcome: WriteOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** One commit takes no more than this from the queue, but always one request. */
const COMMIT_BYTES_MAX = 64 * 1024 * 1024;
/** When a caller who was turned away should come back, in milliseconds. */
const RETRY_AFTER_MS = 1000;

/** Starts the writer's thread and waits until it has opened the file. Fails with the reason why it cannot. */
export async function startWriteQueue(options: WriteQueueOptions, observer: StoreObserver): Promise<WriteQueue> {
  const worker = new Worker(new URL("./writer-worker.ts", import.meta.url), {
    workerData: {
      path: options.path,
      cacheBytes: options.cacheBytes,
      traceSpansMax: options.traceSpansMax,
      routes: options.routes,
    } satisfies WriterOptions,
    execArgv: [],
  });
  await once(worker, "message");
  return new ThreadedWriteQueue(worker, options, observer);
}

class ThreadedWriteQueue implements WriteQueue {
  readonly #worker: Worker;
  readonly #options: WriteQueueOptions;
  readonly #observer: StoreObserver;
  readonly #waiting = new Set<Waiting>();
  readonly #erasing: PromiseWithResolvers<EraseOutcome>[] = [];
  #running: readonly Waiting[] = [];
  #idle = Promise.withResolvers<void>();
  queuedBytes = 0;
  ready = true;
  degraded: string | undefined;

  constructor(worker: Worker, options: WriteQueueOptions, observer: StoreObserver) {
    this.#worker = worker;
    this.#options = options;
    this.#observer = observer;
    this.#idle.resolve();
    worker.on("message", (reply: WriterReply) => this.#onReply(reply));
    worker.on("error", (error) => this.#onEnd(error));
    worker.on("exit", () => this.#onEnd(new Error("the writer's thread ended")));
  }

  write(write: Write, bytes: number, signal: AbortSignal): Promise<WriteOutcome> {
    if (!this.ready) return Promise.reject(unavailable("The trace store is closed."));
    if (this.queuedBytes > 0 && this.queuedBytes + bytes > this.#options.queueBytesMax) {
      this.#observer.failed("queue_full");
      return Promise.reject(unavailable("Too much waits for the trace store. Try again later."));
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        if (this.#waiting.delete(waiting)) this.queuedBytes -= bytes;
        reject(signal.reason);
      };
      const settle = () => signal.removeEventListener("abort", onAbort);
      const waiting: Waiting = {
        write,
        bytes,
        resolve: (outcome) => {
          settle();
          resolve(outcome);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(waiting);
      this.queuedBytes += bytes;
      this.#commitNext();
    });
  }

  eraseStep(): Promise<EraseOutcome> {
    if (!this.ready) return Promise.reject(unavailable("The trace store is closed."));
    const step = Promise.withResolvers<EraseOutcome>();
    this.#erasing.push(step);
    this.#worker.postMessage({ kind: "erase" } satisfies WriterRequest);
    return step.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.ready && this.#running.length > 0) await this.#idle.promise;
    if (!this.ready) return;
    this.ready = false;
    const exit = once(this.#worker, "exit");
    this.#worker.postMessage({ kind: "close" } satisfies WriterRequest);
    await exit;
  }

  #commitNext(): void {
    if (this.#running.length > 0 || this.#waiting.size === 0) return;
    const batch: Waiting[] = [];
    let bytes = 0;
    for (const waiting of this.#waiting) {
      if (batch.length === this.#options.commitBatchMax || (bytes > 0 && bytes + waiting.bytes > COMMIT_BYTES_MAX))
        break;
      batch.push(waiting);
      bytes += waiting.bytes;
      this.#waiting.delete(waiting);
    }
    this.#running = batch;
    this.#idle = Promise.withResolvers();
    const writes = batch.map(({ write }) => write);
    this.#worker.postMessage({ kind: "commit", writes, nowMs: Date.now() } satisfies WriterRequest);
  }

  #onReply(reply: WriterReply): void {
    if (reply.kind === "erased") this.#onErased(reply.result);
    if (reply.kind !== "committed") return;
    const batch = this.#take();
    this.#observer.committed(batch.length, reply.durationMs, reply.events);
    for (const [index, waiting] of batch.entries()) this.#answer(waiting, reply.results[index]);
    this.#commitNext();
  }

  #onErased(result: EraseResult): void {
    const step = this.#erasing.shift();
    if (result.ok) step?.resolve(result.outcome);
    else step?.reject(unavailable("The trace store cannot be written to now.", new Error(result.message)));
  }

  #answer(waiting: Waiting, result: WriteResult | undefined): void {
    if (result?.ok === true) {
      this.degraded = undefined;
      waiting.resolve(result.outcome);
      return;
    }
    const reason = result?.reason ?? "failed";
    const cause = new Error(result?.message ?? "the writer gave no result");
    this.#observer.failed(reason);
    if (reason === "full") {
      this.degraded = "the trace store cannot be written to: is its disk full?";
      waiting.reject(unavailable("The trace store cannot be written to now. Try again later.", cause));
    } else {
      waiting.reject(cause);
    }
  }

  #onEnd(cause: Error): void {
    if (!this.ready) return;
    this.ready = false;
    this.degraded = "the trace store's writer has ended: restart the trace-writer";
    const lost = [...this.#take(), ...this.#waiting];
    this.#waiting.clear();
    this.queuedBytes = 0;
    const failure = unavailable("The trace store has failed. Try again later.", cause);
    for (const waiting of [...lost, ...this.#erasing.splice(0)]) waiting.reject(failure);
  }

  #take(): readonly Waiting[] {
    const batch = this.#running;
    this.#running = [];
    for (const { bytes } of batch) this.queuedBytes -= bytes;
    this.#idle.resolve();
    return batch;
  }
}

function unavailable(message: string, cause?: Error): ServiceError {
  return new ServiceError("unavailable", message, { retryAfterMs: RETRY_AFTER_MS, cause });
}
