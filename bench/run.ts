import { type Cell, errorsOf, measureCell } from "./cell.ts";
import { startLoadGenerator } from "./load/load-generator.ts";
import { type ModeName, modeOf } from "./modes.ts";
import type { MeasuredProcess } from "./processes.ts";
import type { Target } from "./targets/target.ts";
import type { Twinspan } from "./targets/twinspan.ts";

/** How long a run goes on. */
export interface Pace {
  readonly rounds: number;
  readonly seconds: number;
  /** From the start of this process on: nothing begins later, and no round that would end later. */
  readonly minutes: number;
  readonly perSecond: number;
}

/** What a run came to. */
export interface Measured {
  /** How many rounds were whole. The last may have been broken off, when there was no more time. */
  readonly rounds: number;
  readonly cells: readonly Cell[];
  readonly ledger: readonly LedgerLine[];
}

/** What a target was asked that leaves traces, warm-up included, and what its store has of that. */
export interface LedgerLine {
  readonly target: string;
  /** Answered whole, with 200. */
  readonly calls: number;
  /** Asked, and not answered so: of these there may or may not be traces. */
  readonly errors: number;
  /** How many full traces there are. Undefined: that could not be read. */
  readonly stored: number | undefined;
  /** What the outbox gave up: payloads or records. Undefined: that could not be read. */
  readonly shed: number | undefined;
}

/** Where a run gets its targets from, and whom it tells how far it has come. */
export interface Bench {
  readonly provider: MeasuredProcess;
  readonly cells: readonly { readonly mode: ModeName; readonly target: Target }[];
  /** Where traces are left, by target. */
  readonly traced: ReadonlyMap<string, Twinspan>;
  /** A round begins; 0 is the warm-up. */
  readonly onRound: (round: number) => void;
  /** A cell begins: so many are done. */
  readonly onCell: (done: number, name: string) => void;
}

/** Before the first round all are asked twice as long, so much at the most: what compiles as it runs has been compiled then. */
const WARM_UP_SECONDS_MAX = 2;

/**
 * Measures round by round, every target in every mode, so that what changes on the machine meets all of them; every
 * other round in the opposite order. Before the first all are warmed up, which counts in the ledger alone.
 */
export async function measure(bench: Bench, pace: Pace): Promise<Measured> {
  await using generator = startLoadGenerator();
  const endMs = pace.minutes * 60_000;
  const cells: Cell[] = [];
  let roundMs = 0;
  for (let round = 0; round <= pace.rounds && (round < 2 || performance.now() + roundMs < endMs); round += 1) {
    bench.onRound(round);
    const beganMs = performance.now();
    const seconds = round === 0 ? Math.min(WARM_UP_SECONDS_MAX, 2 * pace.seconds) : pace.seconds;
    for (const { mode, target } of round % 2 === 1 ? bench.cells : bench.cells.toReversed()) {
      if (performance.now() > endMs) break;
      bench.onCell(cells.length, `round ${round} of ${pace.rounds}: ${mode}, ${target.name}`);
      const options = { round, seconds, perSecond: pace.perSecond };
      cells.push(await measureCell(target, modeOf(mode), options, generator, bench.provider));
    }
    roundMs = performance.now() - beganMs;
  }
  return {
    rounds: Math.max(0, Math.floor(cells.length / bench.cells.length) - 1),
    cells: cells.filter(({ round }) => round > 0),
    ledger: await ledgerOf(bench, cells),
  };
}

async function ledgerOf({ traced }: Bench, cells: readonly Cell[]): Promise<readonly LedgerLine[]> {
  const lines: LedgerLine[] = [];
  for (const [target, twinspan] of traced) {
    const asked = cells.filter((cell) => cell.target === target);
    lines.push({
      target,
      calls: asked.reduce((sum, { calls }) => sum + calls, 0),
      errors: asked.reduce((sum, cell) => sum + errorsOf(cell), 0),
      stored: await unlessUnreadable(twinspan.stored()),
      shed: await unlessUnreadable(twinspan.shed()),
    });
  }
  return lines;
}

/** A run that took minutes is told, whatever its end brings: a figure that cannot be read is one of its findings. */
async function unlessUnreadable(figure: Promise<number>): Promise<number | undefined> {
  try {
    return await figure;
  } catch {
    return undefined;
  }
}
