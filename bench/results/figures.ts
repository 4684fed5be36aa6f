import type { Cell } from "../cell.ts";
import type { ModeName } from "../modes.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** What can be read off a cell, as one number. */
export const FIGURES = {
  perSecond: ({ perSecond }) => perSecond,
  p50Ms: ({ latencyMs }) => latencyMs.p50,
  p99Ms: ({ latencyMs }) => latencyMs.p99,
  firstByteP50Ms: ({ firstByteMs }) => firstByteMs.p50,
  firstByteP99Ms: ({ firstByteMs }) => firstByteMs.p99,
  gapP50Ms: ({ gapMs }) => gapMs.p50,
  gapP99Ms: ({ gapMs }) => gapMs.p99,
  cpuMs: ({ cpuMs }) => Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0),
  generatorCpuMs: ({ ownCpuMs }) => ownCpuMs.generator,
  providerCpuMs: ({ ownCpuMs }) => ownCpuMs.provider,
} as const satisfies Readonly<Record<string, (cell: Cell) => number>>;
export type FigureName = keyof typeof FIGURES;

/** The cells of a run, to be asked for figures. */
export class Figures {
  readonly #cells: readonly Cell[];
  readonly #rounds: readonly number[];

  constructor(cells: readonly Cell[]) {
    this.#cells = cells;
    this.#rounds = [...new Set(cells.map(({ round }) => round))];
  }

  /** The modes and targets that were measured, in the order of the first round. */
  get modes(): readonly ModeName[] {
    return [...new Set(this.#cells.map(({ mode }) => mode))];
  }

  targetsOf(mode: string): readonly string[] {
    return [...new Set(this.#cells.filter((cell) => cell.mode === mode).map(({ target }) => target))];
  }

  /** A figure over the rounds. */
  of(mode: string, target: string, figure: FigureName): Spread {
    return spreadOf(this.#of(mode, target).map(FIGURES[figure]));
  }

  /** The processor time for a call by process, over the rounds. */
  cpuMsByProcess(mode: string, target: string): ReadonlyMap<string, Spread> {
    const cells = this.#of(mode, target);
    const names = Object.keys(cells[0]?.cpuMs ?? {});
    return new Map(names.map((name) => [name, spreadOf(cells.map(({ cpuMs }) => cpuMs[name] ?? Number.NaN))]));
  }

  /**
   * A figure of several targets, combined round by round, in their order. NaN: a round, the last perhaps, lacks one of
   * them.
   */
  byRound(
    mode: string,
    targets: readonly string[],
    figure: FigureName,
    combine: (...values: readonly number[]) => number,
  ): readonly number[] {
    return this.#rounds.map((round) => {
      const cells = targets.map((target) => this.#of(mode, target).find((cell) => cell.round === round));
      return combine(...cells.map((cell) => (cell === undefined ? Number.NaN : FIGURES[figure](cell))));
    });
  }

  /** All errors of a target in a mode, in all rounds, by what they were. */
  errors(mode: string, target: string): ReadonlyMap<string, number> {
    const all = new Map<string, number>();
    for (const { errors } of this.#of(mode, target)) {
      for (const [what, count] of Object.entries(errors)) all.set(what, (all.get(what) ?? 0) + count);
    }
    return all;
  }

  #of(mode: string, target: string): readonly Cell[] {
    return this.#cells.filter((cell) => cell.mode === mode && cell.target === target);
  }
}
