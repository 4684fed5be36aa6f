import type { Cell } from "../cell.ts";
import type { ModeName } from "../modes.ts";
import { type FigureName, Figures } from "../results/figures.ts";
import { type Goal, goalsOf } from "../results/goals.ts";
import { medianInterval, SURE_FROM } from "../results/statistics.ts";
import { ledgerTable, spreadText, table } from "../results/tables.ts";
import type { Measured } from "../run.ts";

/** The two trees that are compared. */
export const TREES = ["base", "this"] as const;
export type Tree = (typeof TREES)[number];

/** The name of a tree's target. */
export function targetIn(tree: Tree, target: string): string {
  return `${tree}/${target}`;
}

/** What a change did, as tables of Markdown: to the ratios that the goals are about, and to each target. */
export function comparisonOf({ cells, ledger }: Measured, targets: readonly string[]): string {
  const figures = new Figures(cells);
  return `A change is the median over rounds that have both trees each, one right after the other, and in brackets where that median lies,
with 95 %. Where that goes from less to more it is noise. Fewer than ${SURE_FROM} rounds are too few to tell.

## Ratios

${ratioTable(goalsIn("base", cells), goalsIn("this", cells))}
## Targets

${targetTable(figures, targets)}
## Stored

${ledgerTable(ledger)}`;
}

/** A tree's goals, as if it had been measured alone. */
function goalsIn(tree: Tree, cells: readonly Cell[]): readonly Goal[] {
  const prefix = targetIn(tree, "");
  const bare = (target: string) => (target.startsWith(prefix) ? target.slice(prefix.length) : target);
  const figures = new Figures(cells.map((cell) => ({ ...cell, target: bare(cell.target) })));
  return goalsOf(figures, []).filter(({ isReached }) => isReached !== undefined);
}

function ratioTable(base: readonly Goal[], present: readonly Goal[]): string {
  const rows = present.flatMap(({ words, unit, wanted, byRound, measured }) => {
    const before = base.find((goal) => goal.words === words);
    if (before === undefined) return [];
    // What is a ratio becomes some times as much; what is a difference becomes so much more.
    const isRatio = unit === "× U";
    const changes = byRound.map((now, round) => {
      const then = before.byRound[round] ?? Number.NaN;
      return isRatio ? now / then : now - then;
    });
    const change = isRatio ? `× ${changeText(changes, 1)}` : changeText(changes, 0);
    return [[words, wanted, spreadText(before.measured), spreadText(measured), change]];
  });
  return table(["", "goal", "base", "this", "change"], rows);
}

function targetTable(figures: Figures, targets: readonly string[]): string {
  const rows = figures.modes.flatMap((mode) =>
    targets.flatMap((target) => {
      const [base, present] = TREES.map((tree) => targetIn(tree, target));
      if (base === undefined || present === undefined) return [];
      return toldOf(mode).map(([figure, words]) => {
        const median = (name: string) => spreadText(figures.of(mode, name, figure));
        const changes = figures.byRound(mode, [base, present], figure, (then = 0, now = 0) => now / then);
        return [mode, target, words, median(base), median(present), `× ${changeText(changes, 1)}`];
      });
    }),
  );
  return table(["mode", "target", "", "base", "this", "change"], rows);
}

function toldOf(mode: ModeName): readonly (readonly [FigureName, string])[] {
  const cpu = ["cpuMs", "CPU ms each"] as const;
  const rate = ["perSecond", "/s"] as const;
  switch (mode) {
    case "plain-1":
    case "plain-open":
      return [cpu, ["p50Ms", "p50 ms"], ["p99Ms", "p99 ms"]];
    case "stream-64":
      return [cpu, ["firstByteP50Ms", "first token p50 ms"], ["gapP99Ms", "gap p99 ms"]];
    case "plain-64":
    case "large-64":
    case "burst-64":
      return [rate, cpu];
  }
}

/** `nothing` is what a change comes to that is none. */
function changeText(changes: readonly number[], nothing: 0 | 1): string {
  const change = medianInterval(changes);
  if (changes.length < SURE_FROM) return `${spreadText(change)}: too few rounds`;
  const isNoise = change.min <= nothing && change.max >= nothing;
  return `${spreadText(change)}${isNoise ? ": noise" : ""}`;
}
