import { parentPort } from "node:worker_threads";
import type { ForwardRoutes } from "../../core/forwarding/forward-routes.ts";
import type { Committed } from "./write-queue.ts";
import type { WriterReply, WriterRequest } from "./writer-messages.ts";

/** A writer, as its thread serves it. */
export interface ServedWriter<Write, Outcome, Task, Done> {
  commit(writes: readonly Write[], nowMs: number): Committed<Outcome> | Promise<Committed<Outcome>>;
  /** Does something else. What it throws is told in words. */
  perform(task: Task): Done | Promise<Done>;
  /** Forwards by other routes what it stores from now on. */
  routeBy(routes: ForwardRoutes): void;
  /** Lets go of all it has. Nothing is asked of it any more. */
  close(): void | PromiseLike<void>;
}

/** Serves the thread that has started this one, from now on. A commit that throws ends the thread. */
export function serveWriter<Write, Outcome, Task, Done>(writer: ServedWriter<Write, Outcome, Task, Done>): void {
  const port = portOfParent();
  const reply = (message: WriterReply<Outcome, Done, never>) => port.postMessage(message);
  port.on("message", async (request: WriterRequest<Write, Task>) => {
    switch (request.kind) {
      case "commit":
        reply({ kind: "committed", id: request.id, committed: await writer.commit(request.writes, request.nowMs) });
        return;
      case "task":
        try {
          reply({ kind: "done", id: request.id, done: await writer.perform(request.task) });
        } catch (error) {
          reply({ kind: "failed", id: request.id, message: wordsOf(error) });
        }
        return;
      case "route":
        writer.routeBy(request.routes);
        return;
      case "close":
        await writer.close();
        port.close();
        return;
    }
  });
  reply({ kind: "ready" });
}

/** Tells the thread that has started this one something that nobody has asked for. */
export function tellNote<Note>(note: Note): void {
  const reply: WriterReply<never, never, Note> = { kind: "note", note };
  portOfParent().postMessage(reply);
}

/** A failure, in words for a log: with its place in the code. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function portOfParent() {
  if (parentPort === null) throw new Error("a writer is served from a thread of its own");
  return parentPort;
}
