import { z } from "zod";
import { outbox } from "#lib/config/sections/outbox.ts";
import { peerTls } from "#lib/config/sections/tls.ts";
import type { OutboxState } from "./outbox-state.ts";

/** What the thread that looks after a left outbox is asked for. */
export const drainSettings = z.object({
  /** `show`: only to say what it holds; nothing is changed. `drain`: to deliver it. */
  task: z.enum(["show", "drain"]),
  /** The settings of its gateway; `path` is the file. */
  options: outbox.unwrap(),
  /** The trace-writer's gRPC target. */
  traceWriter: z.string(),
  /** How it is spoken to by TLS. Undefined: in the clear. */
  tls: peerTls.optional(),
  /** The key that it is sent. Undefined: none. */
  traceWriterKey: z.string().optional(),
});

export type DrainSettings = z.output<typeof drainSettings>;

/** What who asked is told, in order. Nothing comes after `done` or `failed`. */
export type DrainEvent =
  /** The file is open and locked, and holds so much. */
  | ({ readonly kind: "opened" } & LeftTold)
  /** How it stands while it is delivered. Records of calls that were in flight are among those that wait. */
  | { readonly kind: "state"; readonly state: OutboxState }
  /** The task is done, or was stopped: what waits still is in the last state. */
  | { readonly kind: "done" }
  /** It cannot be done, and why. */
  | { readonly kind: "failed"; readonly message: string };

/** What a left outbox holds. Times are in milliseconds since the Unix epoch. */
export interface LeftTold {
  /** Records that wait for the trace-writer, and their bytes. */
  readonly records: number;
  readonly bytes: number;
  /** When the oldest of them came. Undefined: none waits. */
  readonly oldestMs: number | undefined;
  /** Calls that were in flight when its gateway ended. Draining makes records of them: they were interrupted. */
  readonly inFlight: number;
  /** When its gateway was last known to live. 0: it never wrote. */
  readonly lastAliveMs: number;
  /**
   * Places in its files that cannot be read. Records that are missing are among those that wait, and a drain counts
   * them as lost.
   */
  readonly damagedPlaces: number;
}
