import { type ModeName, modeOf } from "../modes.ts";
import type { LedgerLine } from "../run.ts";
import type { FigureName, Figures } from "./figures.ts";
import { type Goal, lostOf } from "./goals.ts";
import { type Spread, spreadOf } from "./statistics.ts";

type Cell = string | number;

/** The goals, what was measured of them, and whether they are reached, as a table of Markdown. */
export function goalsTable(goals: readonly Goal[]): string {
  const rows = goals.map(({ words, wanted, measured, unit, isReached }) => [
    words,
    wanted,
    isReached === undefined ? "not measured" : `${spreadText(measured)} ${unit}`.trim(),
    isReached === undefined ? "–" : isReached ? "yes" : "**no**",
  ]);
  return table(["goal", "wanted", "measured: median (least … most of the rounds)", "reached"], rows);
}

/** A mode's figures by target, and what each is of U's. */
export function modeTable(figures: Figures, name: ModeName): string {
  const { answer, isOpen } = modeOf(name);
  const rate = ["/s", medianOf("perSecond", 0)] as const;
  // A rate that is given, or that follows from how long a stream takes, is nothing to compare.
  const rates = answer === "paced" ? [] : isOpen ? [rate] : ([rate, ["÷ U", timesU]] as const);
  const columns: readonly (readonly [string, (target: string) => Cell])[] = [
    ["target", (target) => target],
    ...rates,
    ...(answer === "paced"
      ? ([
          ["first token p50 ms", medianOf("firstByteP50Ms", 2)],
          ["p99 ms", medianOf("firstByteP99Ms", 2)],
          ["gap p50 ms", medianOf("gapP50Ms", 2)],
          ["gap p99 ms", medianOf("gapP99Ms", 2)],
        ] as const)
      : ([
          ["p50 ms", medianOf("p50Ms", 2)],
          ["p99 ms", medianOf("p99Ms", 2)],
        ] as const)),
    ["CPU ms each", medianOf("cpuMs", 3)],
    ["of which", byProcess],
    ["errors", errors],
  ];
  const rows = figures.targetsOf(name).map((target) => columns.map(([, cellOf]) => cellOf(target)));
  return table(
    columns.map(([title]) => title),
    rows,
  );

  function medianOf(figure: FigureName, digits: number) {
    return (target: string) => numberText(figures.of(name, target, figure).median, digits);
  }
  function timesU(target: string): string {
    const byRound = figures.byRound(name, [target, "U"], "perSecond", (ours = 0, u = 0) => ours / u);
    return numberText(spreadOf(byRound).median, 2);
  }
  function byProcess(target: string): string {
    const parts = [...figures.cpuMsByProcess(name, target)];
    return parts.length < 2 ? "" : parts.map(([process, { median }]) => `${process} ${median.toFixed(3)}`).join(", ");
  }
  function errors(target: string): string {
    return [...figures.errors(name, target)].map(([what, count]) => `${count} × ${what}`).join(", ") || "0";
  }
}

/** What was called and what is stored, by target. */
export function ledgerTable(ledger: readonly LedgerLine[]): string {
  const unread = "could not be read";
  const rows = ledger.map((line) => {
    const { target, calls, errors, stored = unread, shed = unread } = line;
    return [target, calls, errors, stored, shed, numberText(lostOf(line), 0)];
  });
  return table(["target", "answered", "failed", "full traces stored", "shed", "lost or doubled"], rows);
}

/** The processor time of what measures, for a request, in milliseconds, beside P's. */
export function ownCostTable(figures: Figures): string {
  const rows = figures.modes.map((mode) => {
    const of = (target: string, figure: FigureName) => numberText(figures.of(mode, target, figure).median, 3);
    return [mode, of("P", "generatorCpuMs"), of("P", "providerCpuMs"), of("P", "cpuMs"), of("U", "cpuMs")];
  });
  return table(["mode", "load generator", "provider", "P", "U"], rows);
}

/** A table of Markdown. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]) => `| ${cells.join(" | ")} |\n`;
  return `${line(head)}|${"---|".repeat(head.length)}\n${rows.map(line).join("")}`;
}

/** A median with what it lies between. */
export function spreadText({ median, min, max }: Spread): string {
  const digits = Math.abs(median) >= 100 ? 0 : Math.abs(median) >= 10 ? 1 : 2;
  const text = numberText(median, Number.isInteger(median) ? 0 : digits);
  return min === max ? text : `${text} (${numberText(min, digits)} … ${numberText(max, digits)})`;
}

function numberText(value: number, digits: number): string {
  return Number.isNaN(value) ? "" : value.toFixed(digits);
}
