import type { PeerSettings } from "#lib/config/sections/peers.ts";
import { LEFT_ALONE_PERCENT_MAX, LEFT_ALONE_TIMES_MAX } from "#lib/rpc/service-config.ts";

/** How the invocations of a copy go, and what was made of it when the copies were last looked at. */
export class CopyRecord {
  #calls = 0;
  #failed = 0;
  #timesInARow = 0;
  #leftAloneUntilMs: number | undefined;

  /** Whether other copies are to be taken. */
  get isLeftAlone(): boolean {
    return this.#leftAloneUntilMs !== undefined;
  }

  /** An invocation has ended. */
  ended(hasFailed: boolean): void {
    this.#calls += 1;
    if (hasFailed) this.#failed += 1;
  }

  /** How many percent have failed since the last look. Undefined: too few have ended to tell. */
  failedPercent(callsMin: number): number | undefined {
    return this.#calls < callsMin ? undefined : (100 * this.#failed) / this.#calls;
  }

  /** Leaves the copy alone from now on: each time in a row as long again. */
  leaveAlone(nowMs: number, leftAloneMs: number): void {
    this.#timesInARow = Math.min(LEFT_ALONE_TIMES_MAX, this.#timesInARow + 1);
    this.#leftAloneUntilMs = nowMs + this.#timesInARow * leftAloneMs;
  }

  /** Begins anew. A copy that was left alone for its time is taken again, and one that did well meanwhile is less distrusted. */
  turnPage(nowMs: number): void {
    this.#calls = 0;
    this.#failed = 0;
    if (this.#leftAloneUntilMs === undefined) this.#timesInARow = Math.max(0, this.#timesInARow - 1);
    else if (nowMs >= this.#leftAloneUntilMs) this.#leftAloneUntilMs = undefined;
  }
}

/**
 * Looks at the copies, and leaves those alone that have failed nearly all of their invocations: what gRPC's outlier
 * detection does for calls. What all of them fail is not any copy's fault, so at least half are kept.
 */
export function lookAt(records: readonly CopyRecord[], settings: PeerSettings["outliers"], nowMs: number): void {
  const { failedPercent, callsMin, leftAloneMs } = settings;
  const known = records.filter((record) => record.failedPercent(callsMin) !== undefined);
  const bad = known.filter((record) => (record.failedPercent(callsMin) ?? 0) >= failedPercent);
  for (const record of records) record.turnPage(nowMs);
  if (failedPercent === 0 || known.length < 2) return;
  let leftAlone = records.filter(({ isLeftAlone }) => isLeftAlone).length;
  for (const record of bad) {
    if ((100 * leftAlone) / records.length >= LEFT_ALONE_PERCENT_MAX) return;
    if (record.isLeftAlone) continue;
    record.leaveAlone(nowMs, leftAloneMs);
    leftAlone += 1;
  }
}
