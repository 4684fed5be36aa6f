import type { Config } from "#lib/config/schema.ts";

/** What the outbox's worker thread is started with. */
export interface WorkerData {
  readonly options: Config["gateway"]["outbox"];
  /** The trace-writer's gRPC target. */
  readonly traceWriter: string;
  /** How it is spoken to by TLS. Undefined: in the clear. */
  readonly tls: Config["gateway"]["peerTls"];
  /** What is done about several trace-writers, and about those that fail. */
  readonly peers: Config["peers"];
  /** The key that it is sent. Undefined: none. */
  readonly traceWriterKey: string | undefined;
}

/** What the gateway asks of the outbox's worker. Notes and records come in batches, one at a time. */
export type ToWorker =
  | { readonly kind: "write"; readonly writes: readonly Write[] }
  /** Ship what waits, for at most `withinMs`, then close the file and end. */
  | { readonly kind: "drain"; readonly withinMs: number };

/** A change to the outbox. The worker makes them in order and acknowledges them by their count. */
export type Write =
  /** A call begins: its note (note.ts), no payload. */
  | { readonly kind: "begin"; readonly traceId: string; readonly note: string }
  /** A call has ended: its record takes the place of its note. */
  | {
      readonly kind: "finish";
      readonly traceId: string;
      readonly spans: Uint8Array;
      readonly payload: Uint8Array;
    }
  /** A call has ended, and its record was given up and counted: its note goes. */
  | { readonly kind: "drop"; readonly traceId: string };

/** What the worker tells the gateway. */
export type FromWorker =
  /** The file is open and locked, and calls that an earlier process left in flight are written as interrupted. */
  | { readonly kind: "ready"; readonly interrupted: number }
  /** It cannot be opened. The text is for the operator. */
  | { readonly kind: "failed"; readonly reason: string }
  /** All writes up to this count are committed, or counted as shed. */
  | { readonly kind: "written"; readonly upTo: number }
  | { readonly kind: "state"; readonly state: OutboxState };

/** How the outbox stands. Counters run since the process began. */
export interface OutboxState {
  /** Records that wait for the trace-writer. */
  readonly records: number;
  /** Their bytes. */
  readonly bytes: number;
  /** When the oldest of them came, in milliseconds since the Unix epoch. Undefined: none waits. */
  readonly oldestMs: number | undefined;
  /** Records acknowledged by the trace-writer. */
  readonly shipped: number;
  /** RPCs to the trace-writer that failed and were, or will be, tried again. */
  readonly retries: number;
  /** What was given up, by what and why. Every record that is not delivered whole is here. */
  readonly shed: Readonly<Record<ShedCounter, number>>;
  /** Mirrors that the trace-writer refused, since the caller's context names a sealed trace. */
  readonly mirrorsRefused: number;
  /** Why records do not get through now, in words. Undefined: they do. */
  readonly trouble: string | undefined;
}

/**
 * All that can be given up, and why: payloads, whole records and notes, at the outbox's bound, for a full or failing disk,
 * refused by the trace-writer, or because too much waited for a slow disk (`backlog`). `note:disk` and `note:backlog` are calls
 * in flight that could not be noted: they would leave no trace if the gateway died in the middle of them; `note:unreadable` is
 * one of a process of another version, which left none.
 */
export const SHED_COUNTERS = [
  "payload:outbox_full",
  "record:outbox_full",
  "payload:disk",
  "record:disk",
  "payload:refused",
  "record:refused",
  "payload:backlog",
  "record:backlog",
  "note:backlog",
  "note:disk",
  "note:unreadable",
] as const;

export type ShedCounter = (typeof SHED_COUNTERS)[number];

/** All such counters, at nothing. */
export const NOTHING_SHED: Readonly<Record<ShedCounter, number>> = {
  "payload:outbox_full": 0,
  "record:outbox_full": 0,
  "payload:disk": 0,
  "record:disk": 0,
  "payload:refused": 0,
  "record:refused": 0,
  "payload:backlog": 0,
  "record:backlog": 0,
  "note:backlog": 0,
  "note:disk": 0,
  "note:unreadable": 0,
};
