import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type Committed, type Committer, unavailable } from "../commit/write-queue.ts";
import type { EraseOutcome } from "./erase-step.ts";
import type {
  EraseResult,
  SqliteOutcome,
  SqliteWrite,
  WriterOptions,
  WriterReply,
  WriterRequest,
} from "./writer-worker.ts";

/** The one writer of a file, in a thread of its own. Disposing of it closes the file. */
export interface WriterThread extends Committer<SqliteWrite, SqliteOutcome>, AsyncDisposable {
  /** Takes a step of erasing between two commits. Rejects with `unavailable` where the disk does not let it. */
  eraseStep(): Promise<EraseOutcome>;
}

/** Starts the thread and waits until it has opened the file. Fails with the reason why it cannot. */
export async function startWriterThread({
  path,
  cacheBytes,
  traceSpansMax,
  routes,
}: WriterOptions): Promise<WriterThread> {
  const worker = new Worker(new URL("./writer-worker.ts", import.meta.url), {
    workerData: { path, cacheBytes, traceSpansMax, routes } satisfies WriterOptions,
    execArgv: [],
  });
  await once(worker, "message");
  return new LivingThread(worker);
}

class LivingThread implements WriterThread {
  readonly commitsMax = 1;
  readonly failureWords = "the trace store cannot be written to: is its disk full?";
  readonly #worker: Worker;
  /** What it was asked and has not answered, in order. */
  readonly #commits: PromiseWithResolvers<Committed<SqliteOutcome>>[] = [];
  readonly #erasing: PromiseWithResolvers<EraseOutcome>[] = [];
  #end: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (reply: WriterReply) => this.#onReply(reply));
    worker.on("error", (error) => this.#onEnd(error));
    worker.on("exit", () => this.#onEnd(new Error("the writer's thread ended")));
  }

  commit(writes: readonly SqliteWrite[], nowMs: number): Promise<Committed<SqliteOutcome>> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const commit = Promise.withResolvers<Committed<SqliteOutcome>>();
    this.#commits.push(commit);
    this.#worker.postMessage({ kind: "commit", writes, nowMs } satisfies WriterRequest);
    return commit.promise;
  }

  eraseStep(): Promise<EraseOutcome> {
    if (this.#end !== undefined) return Promise.reject(unavailable("The trace store is closed.", this.#end));
    const step = Promise.withResolvers<EraseOutcome>();
    this.#erasing.push(step);
    this.#worker.postMessage({ kind: "erase" } satisfies WriterRequest);
    return step.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#end !== undefined) return;
    const exit = once(this.#worker, "exit");
    this.#worker.postMessage({ kind: "close" } satisfies WriterRequest);
    await exit;
  }

  #onReply(reply: WriterReply): void {
    if (reply.kind === "committed") this.#commits.shift()?.resolve(reply);
    if (reply.kind === "erased") this.#onErased(reply.result);
  }

  #onErased(result: EraseResult): void {
    const step = this.#erasing.shift();
    if (result.ok) step?.resolve(result.outcome);
    else step?.reject(unavailable("The trace store cannot be written to now.", new Error(result.message)));
  }

  #onEnd(cause: Error): void {
    this.#end ??= cause;
    for (const commit of this.#commits.splice(0)) commit.reject(cause);
    const failure = unavailable("The trace store has failed. Try again later.", cause);
    for (const step of this.#erasing.splice(0)) step.reject(failure);
  }
}
