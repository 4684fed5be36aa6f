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
  /** Places in its files that could not be read. What was lost there is in `shed`, as far as it is known. */
  readonly damagedPlaces: number;
  /** Of such places found of late, and of what was lost, in words. Undefined: none was. */
  readonly damage: string | undefined;
  /** Why records do not get through now, or cannot be kept, in words. Undefined: they do. */
  readonly trouble: string | undefined;
}

/**
 * All that can be given up, and why: payloads, whole records and notes, at the outbox's bound, for a full or failing
 * disk, refused by the trace-writer, because too much waited for a slow disk (`backlog`), or since the outbox's files
 * had them no more (`damaged`). `note:disk` and `note:backlog` are calls in flight that could not be noted: they would
 * leave no trace if the gateway died in the middle of them; `note:unreadable` is one of a process of another version,
 * which left none.
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
  "record:damaged",
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
  "record:damaged": 0,
  "note:backlog": 0,
  "note:disk": 0,
  "note:unreadable": 0,
};
