import type { DatabaseSync } from "node:sqlite";
import { ServiceError } from "#lib/service-error.ts";
import { Rollup, rolledSamplesOf } from "../../core/totals/rollup.ts";
import { HOUR_NS } from "../../core/totals/totals-units.ts";
import { integerIn } from "../columns.ts";
import { type RolledHour, rolledPartsOf } from "./rollup-table.ts";
import { openSummedTraces, type SummedTraces } from "./summed-traces.ts";

/** `more`: there is more to do in this round. `done`: that was all, or it failed and is due again in the next. */
export type RollUpOutcome = "more" | "done";

/** Adds up what hours came to, so that totals need not read rows. */
export interface RollUp {
  /** Does some of a round. */
  perform(): RollUpOutcome;
  /** Reads nothing until it is asked again: an erasure may not wait for a transaction that waits for it. */
  leave(): void;
}

/** So long it works at a time, in milliseconds: commits wait meanwhile. */
const TURN_MS = 2;
/** So many hours are looked at in a round; the others in the next. */
const ROUND_HOURS = 5_000;
/** So many share a commit. */
const STORED_TOGETHER = 50;

/**
 * Prepares it, over a connection that nothing else uses. An hour has its turn when nothing in it has changed from one
 * round to the next. `store` stores those that have not changed meanwhile.
 */
export function openRollUp(db: DatabaseSync, store: (hours: readonly RolledHour[]) => void): RollUp {
  const due = db.prepare(`
    SELECT experiment_id, hour, changed FROM changed_hours INDEXED BY changed_hours_due
    WHERE rolled = 0 ORDER BY hour LIMIT ${ROUND_HOURS}`);
  const hourOf = openHours(db);
  let before = new Map<string, bigint>();
  let round: Generator<void, void, void> | undefined;

  function* workThrough(): Generator<void, void, void> {
    const found = due.all().map((row) => ({
      experimentId: integerIn(row, "experiment_id"),
      hour: integerIn(row, "hour"),
      changed: integerIn(row, "changed"),
    }));
    const settled = found.filter((hour) => before.get(keyOf(hour)) === hour.changed);
    before = new Map(found.map((hour) => [keyOf(hour), hour.changed]));
    for (let next = 0; next < settled.length; next += STORED_TOGETHER) {
      const rolled: RolledHour[] = [];
      for (const hour of settled.slice(next, next + STORED_TOGETHER)) rolled.push(yield* hourOf(hour));
      store(rolled);
      yield;
    }
  }

  const leave = () => {
    round?.return();
    round = undefined;
  };

  return {
    perform() {
      const begunMs = performance.now();
      round ??= workThrough();
      try {
        while (performance.now() - begunMs < TURN_MS) {
          if (round.next().done !== true) continue;
          leave();
          return "done";
        }
        return "more";
      } catch {
        // What was not stored is read from rows meanwhile. A disk that fails is told by who reads and writes.
        leave();
        return "done";
      }
    },
    leave,
  };
}

type DueHour = Pick<RolledHour, "experimentId" | "hour" | "changed">;

/** Adds an hour up as it is at one moment. When it has changed since it was found, what that comes to will not be stored. */
function openHours(db: DatabaseSync): (hour: DueHour) => Generator<void, RolledHour, void> {
  const traces = openSummedTraces(db);
  return function* (due) {
    db.exec("BEGIN");
    try {
      return { ...due, parts: yield* partsOf(traces, due) };
    } finally {
      db.exec("COMMIT");
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
