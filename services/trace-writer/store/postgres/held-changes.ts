import type { ForwardWait } from "../commit/forward-waits.ts";
import type { WorkingTrace } from "../commit/working-trace.ts";
import type { TouchedHours } from "./changed-hours.ts";
import type { HeldChunk, HeldTrace } from "./held-trace.ts";

/** What a commit has come to, beside what the held traces say themselves. */
export interface HeldChanges {
  readonly removed: HeldTrace[];
  /** Stored traces whose chunks are all gone. */
  readonly emptied: HeldTrace[];
  /** Stored chunks that nothing counts in any more. */
  readonly gone: { readonly ref: bigint; readonly chunk: HeldChunk }[];
  readonly sizes: Map<string, SizeChange>;
  /** The experiments that took something, and when. */
  readonly touched: Map<bigint, number>;
  /** When traces of experiments have changed. */
  readonly hours: TouchedHours;
  readonly forwards: { readonly trace: WorkingTrace; readonly wait: ForwardWait; readonly nowMs: number }[];
}

/** What more an experiment, or undefined: the pending traces, hold. */
export interface SizeChange {
  readonly workspace: string;
  readonly experimentId: bigint | undefined;
  traces: bigint;
  bytes: bigint;
}

/** Nothing yet. */
export function noChanges(): HeldChanges {
  return { removed: [], emptied: [], gone: [], sizes: new Map(), touched: new Map(), hours: new Map(), forwards: [] };
}
