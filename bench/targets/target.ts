import type { Mode } from "../modes.ts";
import type { MeasuredProcess } from "../processes.ts";

/** What is measured, started and ready. */
export interface Target {
  readonly name: string;
  readonly port: number;
  /** What takes processor time for it, in the order in which a request passes. */
  readonly processes: readonly MeasuredProcess[];
  /** Where a mode's requests go, and what they ask for. */
  ask(mode: Mode): Asked;
  /** Waits until the work behind the answers is done, so that it is counted with them. Rejects when that takes too long. */
  settle(): Promise<void>;
}

/** How a target wants to be asked. */
export interface Asked {
  readonly path: string;
  readonly model: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether each request carries a sampled trace context. */
  readonly withContext: boolean;
}

export const TARGET_NAMES = [
  "D",
  "nginx",
  "P",
  "U",
  "off-per-call",
  "off-exchange",
  "on-per-call",
  "on-exchange",
  "on-postgres",
  "on-clickhouse",
] as const;
export type TargetName = (typeof TARGET_NAMES)[number];
