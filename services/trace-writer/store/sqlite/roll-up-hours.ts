import type { DatabaseSync } from "node:sqlite";
import { ServiceError } from "#lib/service-error.ts";
import { Rollup, rolledSamplesOf } from "../../core/totals/rollup.ts";
import { HOUR_NS } from "../../core/totals/totals-units.ts";
import { integerIn } from "../columns.ts";
import { isRefused } from "./refused.ts";
import { type RolledHour, rolledPartsOf } from "./rollup-table.ts";
import { openSummedTraces, type SummedTraces } from "./summed-traces.ts";

/** `more`: there is more to do in this round. `done`: that was all, or it failed and is due again in the next. */
export type RollUpOutcome = "more" | "done";

/** What is done with hours. */
export interface RolledHours {
  /** Stores those that have not changed meanwhile. */
  store(hours: readonly RolledHour[]): void;
  /** Hears of a failure that is neither the disk's nor another process's. */
  failed(error: unknown): void;
}

/** So long it works at a time, in milliseconds: commits wait meanwhile. */
const TURN_MS = 2;
/** So many hours are looked at in a round; the others in the next. */
const ROUND_HOURS = 5_000;
/** So many share a commit, or those of so many milliseconds. */
const STORED_TOGETHER = 50;
const STORED_AFTER_MS = 1000;

/**
 * Prepares adding up what hours came to, so that totals need not read rows, over a connection that nothing else uses.
 * Each call does some of a round. An hour has its turn when nothing in it has changed from one round to the next.
 * Between two calls nothing is being read: neither an erasure nor the log waits for this. An hour that cannot be added
 * up is told, and not tried again until it changes: whoever asks reads its rows.
 */
export function openRollUp(db: DatabaseSync, { store, failed }: RolledHours): () => RollUpOutcome {
  const due = db.prepare(`
    SELECT experiment_id, hour, changed FROM changed_hours INDEXED BY changed_hours_due
    WHERE rolled = 0 ORDER BY hour LIMIT ${ROUND_HOURS}`);
  const hourOf = openHours(db);
  let before = new Map<string, bigint>();
  let round: Generator<void, void, number> | undefined;

  function* workThrough(): Generator<void, void, number> {
    const found = due.all().map((row) => ({
      experimentId: integerIn(row, "experiment_id"),
      hour: integerIn(row, "hour"),
      changed: integerIn(row, "changed"),
    }));
    const settled = found.filter((hour) => before.get(keyOf(hour)) === hour.changed);
    before = new Map(found.map((hour) => [keyOf(hour), hour.changed]));
    let rolled: RolledHour[] = [];
    let storedMs = performance.now();
    for (const hour of settled) {
      const added = yield* addedUp(hour);
      if (added !== undefined) rolled.push(added);
      if (rolled.length < STORED_TOGETHER && performance.now() < storedMs + STORED_AFTER_MS) continue;
      store(rolled);
      rolled = [];
      storedMs = performance.now();
    }
    store(rolled);
  }

  function* addedUp(hour: DueHour): Generator<void, RolledHour | undefined, number> {
    try {
      return yield* hourOf(hour);
    } catch (error) {
      // A disk that fails is told by who reads and writes.
      if (isRefused(error)) return undefined;
      failed(error);
      return { ...hour, parts: undefined };
    }
  }

  return () => {
    const untilMs = performance.now() + TURN_MS;
    try {
      round ??= workThrough();
      do {
        if (round.next(untilMs).done !== true) continue;
        round = undefined;
        return "done";
      } while (performance.now() < untilMs);
      return "more";
    } catch (error) {
      round = undefined;
      if (!isRefused(error)) failed(error);
      return "done";
    }
  };
}

type DueHour = Pick<RolledHour, "experimentId" | "hour" | "changed">;

/**
 * Adds an hour up, in as many turns as it takes; each is told when it ends. A turn sees one moment, and the hour in it
 * is as it was in the first: when it has changed since it was found it is given up, and due again.
 */
function openHours(db: DatabaseSync): (hour: DueHour) => Generator<void, RolledHour | undefined, number> {
  const traces = openSummedTraces(db);
  const asFound = db.prepare("SELECT 1 FROM changed_hours WHERE experiment_id = ? AND hour = ? AND changed = ?");
  return function* (due) {
    const parts = partsOf(traces, due);
    try {
      for (;;) {
        const untilMs = yield;
        db.exec("BEGIN");
        try {
          if (asFound.get(due.experimentId, due.hour, due.changed) === undefined) return undefined;
          do {
            const step = parts.next();
            if (step.done === true) return { ...due, parts: step.value };
          } while (performance.now() < untilMs);
        } finally {
          if (db.isTransaction) db.exec("COMMIT");
        }
      }
    } finally {
      parts.return(undefined);
    }
  };
}

function* partsOf(traces: SummedTraces, { experimentId, hour }: DueHour): Generator<void, RolledHour["parts"], void> {
  const within = { fromNs: hour * HOUR_NS, toNs: (hour + 1n) * HOUR_NS };
  const parts = { calls: new Rollup(), attempts: new Rollup(), traces: new Rollup() };
  try {
    for (const trace of traces.billed(experimentId, within)) {
      yield;
      for (const sample of rolledSamplesOf(trace, "calls")) parts.calls.add(sample);
      for (const sample of rolledSamplesOf(trace, "attempts")) parts.attempts.add(sample);
    }
    for (const sample of traces.usage(experimentId, within)) {
      yield;
      parts.traces.add({ groups: ["", ""], sample });
    }
  } catch (error) {
    if (error instanceof ServiceError && error.kind === "invalid_request") return undefined;
    throw error;
  }
  return rolledPartsOf(parts);
}

function keyOf({ experimentId, hour }: DueHour): string {
  return `${experimentId}\n${hour}`;
}
