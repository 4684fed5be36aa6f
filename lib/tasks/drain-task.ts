import { z } from "zod";
import { outbox } from "../config/sections/outbox.ts";
import { peerTls } from "../config/sections/tls.ts";

/** What the thread that looks after a left outbox is asked for, by `twinspan outbox`. */
export const drainRequest = z.object({
  /** `show`: only to say what it holds; nothing is changed. `drain`: to deliver it. */
  task: z.enum(["show", "drain"]),
  /** The settings of its gateway; `path` is the file. */
  options: outbox.unwrap(),
  /** The trace-writer's gRPC target. Empty: nothing is delivered. */
  traceWriter: z.string(),
  /** How it is spoken to by TLS. Undefined: in the clear. */
  tls: peerTls.optional(),
  /** The key that it is sent. Undefined: none. */
  traceWriterKey: z.string().optional(),
});

/** What a left outbox holds. Times are in milliseconds since the Unix epoch. */
const leftTold = z.object({
  /** Records that wait for the trace-writer, and their bytes. */
  records: z.number(),
  bytes: z.number(),
  /** When the oldest of them came. Undefined: none waits. */
  oldestMs: z.number().optional(),
  /** Calls that were in flight when its gateway ended. Draining makes records of them: they were interrupted. */
  inFlight: z.number(),
  /** When its gateway was last known to live. 0: it never wrote. */
  lastAliveMs: z.number(),
  /**
   * Places in its files that cannot be read. Records that are missing are among those that wait, and a drain counts
   * them as lost.
   */
  damagedPlaces: z.number(),
});

/** How it stands while it is delivered. Records of calls that were in flight are among those that wait. */
const drainState = z.object({
  /** Records that wait. */
  records: z.number(),
  /** Records that were delivered. */
  shipped: z.number(),
  /** What was given up, by what and why. */
  shed: z.record(z.string(), z.number()),
  /** Why records do not get through now, in words. Undefined: they do. */
  trouble: z.string().optional(),
});

/** What who asked is told, in order. Nothing comes after `done` or `failed`. */
export const drainEvent = z.discriminatedUnion("kind", [
  /** The file is open and locked, and holds so much. */
  leftTold.extend({ kind: z.literal("opened") }),
  z.object({ kind: z.literal("state"), state: drainState }),
  /** The task is done, or was stopped: what waits still is in the last state. */
  z.object({ kind: z.literal("done") }),
  /** It cannot be done, and why. */
  z.object({ kind: z.literal("failed"), message: z.string() }),
]);

export type DrainRequest = z.output<typeof drainRequest>;
export type DrainEvent = z.output<typeof drainEvent>;
export type DrainState = z.output<typeof drainState>;
export type LeftTold = z.output<typeof leftTold>;
