import type { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { ServiceError } from "#lib/service-error.ts";
import { Rollup, rolledSamplesOf } from "../../core/totals/rollup.ts";
import { HOUR_NS } from "../../core/totals/totals-units.ts";
import { integerIn } from "../columns.ts";
import { openForReading } from "./open-database.ts";
import { type RolledHour, rolledPartsOf } from "./rollup-table.ts";
import { openSummedTraces, type SummedTraces } from "./summed-traces.ts";

const CACHE_BYTES = 2 * 1024 * 1024;
/** So long it reads at a time, in milliseconds: readers wait meanwhile. Then others have their turn, for so long. */
const TURN_MS = 0.5;
const TURN_PAUSE_MS = 2;
/** So many hours are looked at in a round; the others in the next. */
const ROUND_HOURS = 5_000;
/** So many share a commit. */
const STORED_TOGETHER = 50;

/**
 * Adds up, in the background, what hours came to, and has it stored, so that totals need not read rows. An hour has its
 * turn when nothing in it has changed from one round to the next, `everyMs` later. Disposing of it ends it.
 */
export function startRollingUp(
  path: string,
  everyMs: number,
  store: (hours: readonly RolledHour[]) => Promise<void>,
): AsyncDisposable {
  const stop = new AbortController();
  const rolling = rollUp(path, everyMs, store, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await rolling;
    },
  };
}

async function rollUp(
  path: string,
  everyMs: number,
  store: (hours: readonly RolledHour[]) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  using db = openForReading(path, CACHE_BYTES);
  const due = db.prepare(`
    SELECT experiment_id, hour, changed FROM changed_hours INDEXED BY changed_hours_due
    WHERE rolled = 0 ORDER BY hour LIMIT ${ROUND_HOURS}`);
  const hourOf = openHours(db, signal);
  let before = new Map<string, bigint>();
  while (await isAfter(everyMs, signal)) {
    try {
      const found = due.all().map((row) => ({
        experimentId: integerIn(row, "experiment_id"),
        hour: integerIn(row, "hour"),
        changed: integerIn(row, "changed"),
      }));
      const settled = found.filter((hour) => before.get(keyOf(hour)) === hour.changed);
      before = new Map(found.map((hour) => [keyOf(hour), hour.changed]));
      for (let next = 0; next < settled.length; next += STORED_TOGETHER) {
        const rolled: RolledHour[] = [];
        for (const hour of settled.slice(next, next + STORED_TOGETHER)) rolled.push(await hourOf(hour));
        await store(rolled);
      }
    } catch {
      // What was not stored is due again, and is read from rows meanwhile. A disk that fails is told by who reads and
      // writes.
    }
  }
}

type DueHour = Pick<RolledHour, "experimentId" | "hour" | "changed">;

/** Adds an hour up as it is at one moment. When it has changed since it was found, what that comes to will not be stored. */
function openHours(db: DatabaseSync, signal: AbortSignal): (hour: DueHour) => Promise<RolledHour> {
  const traces = openSummedTraces(db);
  let begunMs = performance.now();
  const step = async () => {
    if (performance.now() - begunMs < TURN_MS) return;
    await pause(TURN_PAUSE_MS, undefined, { signal });
    begunMs = performance.now();
  };
  return async (due) => {
    db.exec("BEGIN");
    try {
      return { ...due, parts: await partsOf(traces, due, step) };
    } finally {
      db.exec("COMMIT");
    }
  };
}

async function partsOf(
  traces: SummedTraces,
  { experimentId, hour }: DueHour,
  step: () => Promise<void>,
): Promise<RolledHour["parts"]> {
  const within = { fromNs: hour * HOUR_NS, toNs: (hour + 1n) * HOUR_NS };
  const parts = { calls: new Rollup(), attempts: new Rollup(), traces: new Rollup() };
  try {
    for (const trace of traces.billed(experimentId, within)) {
      await step();
      for (const sample of rolledSamplesOf(trace, "calls")) parts.calls.add(sample);
      for (const sample of rolledSamplesOf(trace, "attempts")) parts.attempts.add(sample);
    }
    for (const sample of traces.usage(experimentId, within)) {
      await step();
      parts.traces.add({ groups: ["", ""], sample });
    }
  } catch (error) {
    if (error instanceof ServiceError && error.kind === "invalid_request") return undefined;
    throw error;
  }
  return rolledPartsOf(parts);
}

async function isAfter(ms: number, signal: AbortSignal): Promise<boolean> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}

function keyOf({ experimentId, hour }: DueHour): string {
  return `${experimentId}\n${hour}`;
}
