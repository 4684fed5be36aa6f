import type { Cell } from "./cell.ts";
import { measureCell } from "./cell.ts";
import { startLoadGenerator } from "./load/load-generator.ts";
import { type ModeName, modeOf } from "./modes.ts";
import type { MeasuredProcess } from "./processes.ts";
import type { System } from "./targets/systems.ts";
import type { Target } from "./targets/target.ts";

/** How long a run goes on. */
export interface Pace {
  readonly rounds: number;
  readonly seconds: number;
  readonly minutes: number;
  readonly perSecond: number;
}

/** What a run came to. */
export interface Measured {
  readonly cells: readonly Cell[];
  readonly ledger: readonly LedgerLine[];
}

/** What a running twinspan was asked with tracing on, in all rounds, and what its store has of that. */
export interface LedgerLine {
  readonly targets: readonly string[];
  /** Answered whole, with 200. */
  readonly calls: number;
  /** Asked, and not answered so: of these there may or may not be traces. */
  readonly errors: number;
  /** How many full traces there are. */
  readonly stored: number;
  /** What the outbox gave up: payloads or records. */
  readonly shed: number;
}

/** Where a run gets its targets from, and whom it tells how far it has come. */
export interface Bench {
  readonly provider: MeasuredProcess;
  readonly cells: readonly { readonly mode: ModeName; readonly target: Target }[];
  readonly systems: readonly System[];
  /** A cell begins: so many are done, of at most so many. */
  readonly onCell: (done: number, total: number, name: string) => void;
}

/** Before the first round, so that what compiles as it runs has been compiled. */
const WARM_UP_SECONDS = 0.5;

/**
 * Measures round by round, every target in every mode, so that what changes on the machine meets all of them; every other
 * round in the opposite order. Before the first all are warmed up, which counts in the ledger alone.
 */
export async function measure(bench: Bench, pace: Pace): Promise<Measured> {
  await using generator = startLoadGenerator();
  const startMs = performance.now();
  const total = bench.cells.length * (pace.rounds + 1);
  const cells: Cell[] = [];
  let roundMs = 0;
  for (let round = 0; round <= pace.rounds && (round < 2 || isTimeFor(roundMs)); round += 1) {
    const beganMs = performance.now();
    const seconds = round === 0 ? Math.min(WARM_UP_SECONDS, pace.seconds) : pace.seconds;
    for (const { mode, target } of round % 2 === 1 ? bench.cells : bench.cells.toReversed()) {
      bench.onCell(cells.length, total, `round ${round} of ${pace.rounds}: ${mode}, ${target.name}`);
      const options = { round, seconds, perSecond: pace.perSecond };
      cells.push(await measureCell(target, modeOf(mode), options, generator, bench.provider));
    }
    roundMs = performance.now() - beganMs;
  }
  return {
    cells: cells.filter(({ round }) => round > 0),
    ledger: await Promise.all(bench.systems.map((system) => ledgerLineOf(system, cells))),
  };

  function isTimeFor(ms: number): boolean {
    return performance.now() - startMs + ms <= pace.minutes * 60_000;
  }
}

async function ledgerLineOf({ twinspan, tracedTargets }: System, cells: readonly Cell[]): Promise<LedgerLine> {
  const traced = cells.filter(({ target }) => tracedTargets.has(target));
  const errorsOf = ({ errors }: Cell) => Object.values(errors).reduce((sum, count) => sum + count, 0);
  return {
    targets: [...tracedTargets],
    calls: traced.reduce((sum, { calls }) => sum + calls, 0),
    errors: traced.reduce((sum, cell) => sum + errorsOf(cell), 0),
    stored: await twinspan.stored(),
    shed: await twinspan.shed(),
  };
}
