import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { ForwardRoutes } from "../../core/forwarding/forward-routes.ts";
import { type Committed, unavailable } from "./write-queue.ts";
import type { WriterReply, WriterRequest } from "./writer-messages.ts";

/**
 * A store's writer, in a thread of its own: what a commit computes holds up no reader. `Task` is what else it is asked,
 * `Done` what that comes to. Disposing of it waits for what it was asked, and ends it.
 */
export interface WriterThread<Write, Outcome, Task, Done> extends AsyncDisposable {
  /** Carries writes out in one commit. Rejects only when the thread has ended. */
  commit(writes: readonly Write[], nowMs: number): Promise<Committed<Outcome>>;
  /** Asks it for something else. Rejects with `unavailable` where it fails. */
  ask(task: Task): Promise<Done>;
  /** Has it forward by other routes what it stores from the next commit on. */
  routeBy(routes: ForwardRoutes): void;
}

/**
 * Starts a program that serves by `serveWriter`, and waits until it does. Fails with the reason why it cannot. `onNote`
 * hears what it tells of itself, also before that.
 */
export async function startWriterThread<Write, Outcome, Task, Done, Note = never>(
  program: URL,
  options: object,
  onNote: (note: Note) => void = () => {},
): Promise<WriterThread<Write, Outcome, Task, Done>> {
  const worker = new Worker(program, { workerData: options, execArgv: [] });
  await isReady(worker, onNote);
  return new LivingThread(worker, onNote);
}

async function isReady<Note>(worker: Worker, onNote: (note: Note) => void): Promise<void> {
  const ready = Promise.withResolvers<void>();
  const onReply = (reply: WriterReply<never, never, Note>) => {
    if (reply.kind === "note") onNote(reply.note);
    else ready.resolve();
  };
  worker.on("message", onReply).on("error", ready.reject);
  try {
    await ready.promise;
  } finally {
    worker.off("message", onReply).off("error", ready.reject);
  }
}

class LivingThread<Write, Outcome, Task, Done, Note> implements WriterThread<Write, Outcome, Task, Done> {
  readonly #worker: Worker;
  readonly #onNote: (note: Note) => void;
  /** What it was asked and has not answered, by its number. */
  readonly #commits = new Map<number, PromiseWithResolvers<Committed<Outcome>>>();
  readonly #tasks = new Map<number, PromiseWithResolvers<Done>>();
  #asked = 0;
  #end: Error | undefined;

  constructor(worker: Worker, onNote: (note: Note) => void) {
    this.#worker = worker;
    this.#onNote = onNote;
    worker.on("message", (reply: WriterReply<Outcome, Done, Note>) => this.#onReply(reply));
    worker.on("error", (error) => this.#onEnd(error));
    worker.on("exit", () => this.#onEnd(new Error("the writer's thread ended")));
  }

  commit(writes: readonly Write[], nowMs: number): Promise<Committed<Outcome>> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const commit = Promise.withResolvers<Committed<Outcome>>();
    this.#commits.set(this.#asked, commit);
    this.#post({ kind: "commit", id: this.#asked++, writes, nowMs });
    return commit.promise;
  }

  ask(task: Task): Promise<Done> {
    if (this.#end !== undefined) return Promise.reject(unavailable("The trace store is closed.", this.#end));
    const done = Promise.withResolvers<Done>();
    this.#tasks.set(this.#asked, done);
    this.#post({ kind: "task", id: this.#asked++, task });
    return done.promise;
  }

  routeBy(routes: ForwardRoutes): void {
    if (this.#end === undefined) this.#post({ kind: "route", routes });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#end !== undefined) return;
    const exit = once(this.#worker, "exit");
    this.#post({ kind: "close" });
    await exit;
  }

  #post(request: WriterRequest<Write, Task>): void {
    this.#worker.postMessage(request);
  }

  #onReply(reply: WriterReply<Outcome, Done, Note>): void {
    switch (reply.kind) {
      case "ready":
        return;
      case "note":
        this.#onNote(reply.note);
        return;
      case "committed":
        this.#commits.get(reply.id)?.resolve(reply.committed);
        this.#commits.delete(reply.id);
        return;
      case "done":
        this.#tasks.get(reply.id)?.resolve(reply.done);
        this.#tasks.delete(reply.id);
        return;
      case "failed": {
        const failure = unavailable("The trace store cannot be written to now.", new Error(reply.message));
        this.#tasks.get(reply.id)?.reject(failure);
        this.#tasks.delete(reply.id);
        return;
      }
    }
  }

  #onEnd(cause: Error): void {
    this.#end ??= cause;
    for (const commit of this.#commits.values()) commit.reject(cause);
    const failure = unavailable("The trace store has failed. Try again later.", cause);
    for (const task of this.#tasks.values()) task.reject(failure);
    this.#commits.clear();
    this.#tasks.clear();
  }
}
