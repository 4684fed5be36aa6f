import { ServiceError } from "#lib/service-error.ts";
import type { CommitCount, StoreFailure, StoreObserver } from "../trace-store.ts";

export interface WriteQueueOptions {
  /** How many requests share one commit at the most. */
  readonly commitBatchMax: number;
  /** How many bytes of requests may wait. Beyond it a request is turned away as `unavailable`. */
  readonly queueBytesMax: number;
}

/** Carries writes out. */
export interface Committer<Write, Outcome> {
  /** How many commits it takes at a time. */
  readonly commitsMax: number;
  /** What its failures mean for the store, in words: `the trace store cannot be written to`. */
  readonly failureWords: string;
  /** In one commit. Rejects only when it has ended. */
  commit(writes: readonly Write[], nowMs: number): Promise<Committed<Outcome>>;
}

/** What a commit came to. */
export interface Committed<Outcome> extends CommitCount {
  /** One a write, in their order. */
  readonly results: readonly WriteResult<Outcome>[];
  readonly durationMs: number;
}

/** What became of one write. One that failed has left nothing behind. */
export type WriteResult<Outcome> =
  | { readonly ok: true; readonly outcome: Outcome }
  | { readonly ok: false; readonly reason: Extract<StoreFailure, "full" | "failed">; readonly message: string };

/**
 * The way to the writer: requests wait in a queue, and all that wait share the next commit. So a burst is absorbed for
 * as long as its callers wait, and the busier it is the less a request costs. Disposing of it waits for all that was
 * begun.
 */
export interface WriteQueue<Write, Outcome> extends AsyncDisposable {
  /**
   * Resolves when the write is durable. `bytes` is what it holds in memory. Rejects with the signal's reason when the
   * caller stops waiting before the write was begun, with `unavailable` when the queue is full or the store cannot
   * write.
   */
  write(write: Write, bytes: number, signal: AbortSignal): Promise<Outcome>;
  readonly queuedBytes: number;
  /** Whether it takes writes. */
  readonly ready: boolean;
  /** Why the last commit failed. Undefined: it did not. */
  readonly degraded: string | undefined;
}

/** One commit takes no more than this from the queue, but always one request. */
const COMMIT_BYTES_MAX = 64 * 1024 * 1024;
/** When a caller who was turned away should come back, in milliseconds. */
const RETRY_AFTER_MS = 1000;

/** Opens a queue before a committer. */
export function createWriteQueue<Write, Outcome>(
  committer: Committer<Write, Outcome>,
  options: WriteQueueOptions,
  observer: StoreObserver,
): WriteQueue<Write, Outcome> {
  return new GroupingQueue(committer, options, observer);
}

/** What a store answers that cannot write, or not now. */
export function unavailable(message: string, cause?: Error): ServiceError {
  return new ServiceError("unavailable", message, { retryAfterMs: RETRY_AFTER_MS, cause });
}

interface Waiting<Write, Outcome> {
  readonly write: Write;
  readonly bytes: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

class GroupingQueue<Write, Outcome> implements WriteQueue<Write, Outcome> {
  readonly #committer: Committer<Write, Outcome>;
  readonly #options: WriteQueueOptions;
  readonly #observer: StoreObserver;
  readonly #waiting = new Set<Waiting<Write, Outcome>>();
  readonly #running = new Set<Promise<void>>();
  queuedBytes = 0;
  ready = true;
  degraded: string | undefined;

  constructor(committer: Committer<Write, Outcome>, options: WriteQueueOptions, observer: StoreObserver) {
    this.#committer = committer;
    this.#options = options;
    this.#observer = observer;
  }

  write(write: Write, bytes: number, signal: AbortSignal): Promise<Outcome> {
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
      const waiting: Waiting<Write, Outcome> = {
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

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    this.ready = false;
  }

  #commitNext(): void {
    if (this.#running.size >= this.#committer.commitsMax || this.#waiting.size === 0) return;
    const batch: Waiting<Write, Outcome>[] = [];
    let bytes = 0;
    for (const waiting of this.#waiting) {
      if (batch.length === this.#options.commitBatchMax || (bytes > 0 && bytes + waiting.bytes > COMMIT_BYTES_MAX))
        break;
      batch.push(waiting);
      bytes += waiting.bytes;
      this.#waiting.delete(waiting);
    }
    const running = this.#commit(batch, bytes).finally(() => {
      this.#running.delete(running);
      this.#commitNext();
    });
    this.#running.add(running);
  }

  async #commit(batch: readonly Waiting<Write, Outcome>[], bytes: number): Promise<void> {
    const writes = batch.map(({ write }) => write);
    const committed = await this.#committer.commit(writes, Date.now()).catch((cause: Error) => cause);
    this.queuedBytes -= bytes;
    if (committed instanceof Error) return this.#end(batch, committed);
    this.#observer.committed(batch.length, committed.durationMs, committed);
    for (const [index, waiting] of batch.entries()) this.#answer(waiting, committed.results[index]);
  }

  #answer(waiting: Waiting<Write, Outcome>, result: WriteResult<Outcome> | undefined): void {
    if (result?.ok === true) {
      this.degraded = undefined;
      waiting.resolve(result.outcome);
      return;
    }
    const reason = result?.reason ?? "failed";
    const cause = new Error(result?.message ?? "the writer gave no result");
    this.#observer.failed(reason);
    if (reason === "full") {
      this.degraded = this.#committer.failureWords;
      waiting.reject(unavailable("The trace store cannot be written to now. Try again later.", cause));
    } else {
      waiting.reject(cause);
    }
  }

  /** The committer has ended, and nothing can be written any more. */
  #end(batch: readonly Waiting<Write, Outcome>[], cause: Error): void {
    this.ready = false;
    this.degraded = "the trace store's writer has ended: restart the trace-writer";
    const failure = unavailable("The trace store has failed. Try again later.", cause);
    for (const waiting of [...batch, ...this.#waiting]) waiting.reject(failure);
    for (const { bytes } of this.#waiting) this.queuedBytes -= bytes;
    this.#waiting.clear();
  }
}
