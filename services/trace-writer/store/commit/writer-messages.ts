import type { ForwardRoutes } from "../../core/forwarding/forward-routes.ts";
import type { Committed } from "./write-queue.ts";

/** What a writer's thread is asked: to carry writes out in one commit, to do something else, to take other routes, or to end. */
export type WriterRequest<Write, Task> =
  | { readonly kind: "commit"; readonly id: number; readonly writes: readonly Write[]; readonly nowMs: number }
  | { readonly kind: "task"; readonly id: number; readonly task: Task }
  | { readonly kind: "route"; readonly routes: ForwardRoutes }
  | { readonly kind: "close" };

/**
 * What it answers: that it can be asked; then, by the number of what it was asked, what became of it, or the words of
 * its failure. And notes of its own, at any time.
 */
export type WriterReply<Outcome, Done, Note> =
  | { readonly kind: "ready" }
  | { readonly kind: "committed"; readonly id: number; readonly committed: Committed<Outcome> }
  | { readonly kind: "done"; readonly id: number; readonly done: Done }
  | { readonly kind: "failed"; readonly id: number; readonly message: string }
  | { readonly kind: "note"; readonly note: Note };
