import type { ResourceSpans } from "#proto/opentelemetry/proto/trace/v1/trace.ts";

/**
 * What waits to be forwarded, by destination. It is written in the same step as the spans it names, so that it survives
 * whatever they survive, and it names them only: they are read when they are sent, as they are then.
 *
 * - A mirror waits for the destinations of its workspace and of its caller's key (`WorkspaceRoutes`) from the moment it
 *   is stored.
 * - Spans that arrive in a trace wait for the destinations of the experiment that owns it. Once a trace gets an owner,
 *   or another one, all its spans do, but for mirrors, where the destination gets those as they arrive.
 * - A write that changes nothing adds nothing.
 *
 * Where several trace-writers share a store that can tell them apart, what waits for a destination is told to one of
 * them at a time. Else, and where one ends before it has removed what it sent, a destination may get the same twice.
 */
export interface ForwardQueue {
  /**
   * What has waited longest for a destination, about in the order of arrival. `itemsMax` bounds what it stands for.
   * Empty as well while another trace-writer forwards to the destination.
   */
  next(destination: string, itemsMax: number): Promise<readonly Forward[]>;
  /** Its spans as they are stored now: some may be there no more, because they were replaced or deleted. */
  read(forward: Forward, withPayload: boolean): Promise<readonly ResourceSpans[]>;
  /** Removes what needs to wait no more. What is gone already is passed over. */
  remove(forwards: readonly Forward[]): Promise<void>;
  /** Removes what has waited longest for a destination, but for the newest `keep` items. */
  trim(destination: string, keep: number): Promise<Trimmed>;
  /** Removes what waits for destinations other than these. */
  keepOnly(destinations: readonly string[]): Promise<Trimmed>;
  /** How much waits for a destination. Costs some milliseconds where 100,000 items do. */
  waiting(destination: string): Promise<Backlog>;
}

/** Spans of one trace that wait for one destination. */
export interface Forward {
  readonly workspace: string;
  /** 32 hex digits. */
  readonly traceId: string;
  /** What it stands for, as the store knows it. */
  readonly items: readonly ForwardItem[];
}

/** What one write has added, or a trace that has got an owner. */
export interface ForwardItem {
  /** Its place in the order. */
  readonly seq: bigint;
  /** Which of the trace's spans. Undefined: all. */
  readonly chunk: bigint | undefined;
  /** Whether mirrors are left out. */
  readonly withoutMirrors: boolean;
  /** How many spans it was when it was added. */
  readonly spans: number;
}

/** What was removed unsent. */
export interface Trimmed {
  readonly items: number;
  readonly spans: number;
}

/** What waits for a destination. */
export interface Backlog {
  readonly items: number;
  /** When the oldest of it was added, in milliseconds since the Unix epoch. Undefined: nothing waits. */
  readonly oldestMs: number | undefined;
}
