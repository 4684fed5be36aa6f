import { z } from "zod";
import { store } from "../config/sections/store.ts";

/** Where a store is, and what bounds its writes. */
const storeSettings = z.object({
  store,
  limits: z.object({ queueBytesMax: z.number(), traceSpansMax: z.number() }),
});

/** What the thread that moves traces is asked for, by `twinspan store migrate`. */
export const moveRequest = z.object({
  /** What is done: everything is moved, or only counted, or both sides are compared. */
  task: z.enum(["move", "count", "compare"]),
  source: storeSettings,
  target: storeSettings,
  /** Those that something may wait to be forwarded to. */
  destinations: z.array(z.string()),
  /** Whether what waits to be forwarded may be left behind. */
  leavesWaiting: z.boolean(),
  /** The directory that remembers how far a move has come. */
  stateDirectory: z.string(),
  /** Whether what is remembered is forgotten first. */
  restarts: z.boolean(),
});

/** A store, and what it holds. */
const storeTold = z.object({ place: z.string(), traces: z.number(), bytes: z.number() });

/** What who asked is told, in order. Numbers count from the beginning of the move, whenever that was. */
export const moveEvent = z.discriminatedUnion("kind", [
  /** Both stores are open, and hold so many traces. */
  z.object({ kind: z.literal("opened"), source: storeTold, target: storeTold }),
  /** So many traces, of so many bytes, are moved; of these so many when this process began. */
  z.object({ kind: z.literal("moved"), traces: z.number(), bytes: z.number(), before: z.number() }),
  /** So many traces are compared, and so many of them are not read the same. */
  z.object({ kind: z.literal("compared"), traces: z.number(), different: z.number() }),
  /** One that is not, in words. */
  z.object({ kind: z.literal("different"), what: z.string() }),
  /** The task is done. */
  z.object({ kind: z.literal("done") }),
  /** It is done as far as it has come. */
  z.object({ kind: z.literal("stopped") }),
  /** It cannot be done, and what to do. */
  z.object({ kind: z.literal("failed"), message: z.string() }),
]);

export type MoveRequest = z.output<typeof moveRequest>;
export type MoveEvent = z.output<typeof moveEvent>;
export type StoreTold = z.output<typeof storeTold>;
