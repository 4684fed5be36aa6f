import { z } from "zod";
import { store } from "#lib/config/sections/store.ts";

const settings = z.object({
  store,
  limits: z.object({ queueBytesMax: z.number(), traceSpansMax: z.number() }),
});

/** What a move is asked for. */
export const moveSettings = z.object({
  /** What is done: everything is moved, or only counted, or both sides are compared. */
  task: z.enum(["move", "count", "compare"]),
  source: settings,
  target: settings,
  /** Those that something may wait to be forwarded to. */
  destinations: z.array(z.string()),
  /** Whether what waits to be forwarded may be left behind. */
  leavesWaiting: z.boolean(),
  /** The directory that remembers how far a move has come. */
  stateDirectory: z.string(),
  /** Whether what is remembered is forgotten first. */
  restarts: z.boolean(),
});

export type MoveSettings = z.output<typeof moveSettings>;

/** What who asked is told, in order. Numbers count from the beginning of the move, whenever that was. */
export type MoveEvent =
  /** Both stores are open, and hold so many traces. */
  | { readonly kind: "opened"; readonly source: StoreTold; readonly target: StoreTold }
  /** So many traces, of so many bytes, are moved; of these so many when this process began. */
  | { readonly kind: "moved"; readonly traces: number; readonly bytes: number; readonly before: number }
  /** So many traces are compared, and so many of them are not read the same. */
  | { readonly kind: "compared"; readonly traces: number; readonly different: number }
  /** One that is not, in words. */
  | { readonly kind: "different"; readonly what: string }
  /** The task is done; `stopped`: as far as it has come. */
  | { readonly kind: "done" | "stopped" }
  /** It cannot be done, and what to do. */
  | { readonly kind: "failed"; readonly message: string };

/** A store, and what it holds. */
export interface StoreTold {
  readonly place: string;
  readonly traces: number;
  readonly bytes: number;
}
