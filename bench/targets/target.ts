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
  /** Waits until the work behind the answers is done, so that it is counted with them. What is wrong when that takes too long. */
  settle(): Promise<string | undefined>;
}

/** How a target wants to be asked. */
export interface Asked {
  readonly path: string;
  readonly model: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether each request carries a sampled trace context. */
  readonly withContext: boolean;
}

/** Those that are twinspan. */
export const SYSTEM_TARGET_NAMES = [
  "off-per-call",
  "off-exchange",
  "on-per-call",
  "on-exchange",
  "on-postgres",
  "on-clickhouse",
] as const;
export type SystemTargetName = (typeof SYSTEM_TARGET_NAMES)[number];

export const TARGET_NAMES = ["D", "nginx", "P", "U", ...SYSTEM_TARGET_NAMES] as const;
export type TargetName = (typeof TARGET_NAMES)[number];

/** What the targets are, in words for a table. */
export const TARGET_WORDS: Readonly<Record<TargetName, string>> = {
  D: "direct to the provider",
  nginx: "nginx as a proxy, one worker",
  P: "one Node process, node:http and undici",
  U: "HTTP → one grpc-js call each → undici; no traces, no keys",
  "off-per-call": "twinspan with keys, a gRPC call each, tracing off",
  "off-exchange": "twinspan with keys, over Exchange, tracing off",
  "on-per-call": "twinspan with keys, a gRPC call each, twin traces into SQLite",
  "on-exchange": "twinspan with keys, over Exchange, twin traces into SQLite",
  "on-postgres": "likewise over Exchange, into PostgreSQL",
  "on-clickhouse": "likewise over Exchange, into ClickHouse",
};
