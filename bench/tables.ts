import { Figures } from "./figures.ts";
import type { LedgerLine, Measured } from "./run.ts";

/** What a run came to, as tables of Markdown: one for each mode, and what was stored. */
export function tablesOf({ cells, ledger }: Measured): string {
  const figures = new Figures(cells);
  return [...figures.modes.map((mode) => modeTable(figures, mode)), ledgerTable(ledger)].join("\n");
}

function modeTable(figures: Figures, mode: string): string {
  const rows = figures.targetsOf(mode).map((target) => {
    const of = (name: Parameters<Figures["of"]>[2], digits: number) =>
      figures.of(mode, target, name).median.toFixed(digits);
    const byProcess = [...figures.cpuMsByProcess(mode, target)].map(
      ([name, { median }]) => `${name} ${median.toFixed(3)}`,
    );
    const errors = [...figures.errors(mode, target)].map(([what, count]) => `${count} × ${what}`);
    return [
      target,
      of("perSecond", 0),
      of("p50Ms", 2),
      of("p99Ms", 2),
      of("firstByteP50Ms", 2),
      of("gapP99Ms", 2),
      of("cpuMs", 3),
      byProcess.join(", "),
      `${of("generatorCpuMs", 3)}, ${of("providerCpuMs", 3)}`,
      errors.join(", ") || "0",
    ];
  });
  const head = [
    "target",
    "/s",
    "p50 ms",
    "p99 ms",
    "first byte p50 ms",
    "gap p99 ms",
    "CPU ms",
    "of which",
    "generator, provider",
    "errors",
  ];
  return `## ${mode}\n\n${table(head, rows)}`;
}

function ledgerTable(ledger: readonly LedgerLine[]): string {
  const rows = ledger.map(({ targets, calls, errors, stored, shed }) => [
    targets.join(", "),
    calls,
    errors,
    stored,
    shed,
  ]);
  return `## Stored\n\n${table(["targets", "calls", "errors", "stored", "shed"], rows)}`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |\n`;
  return `${line(head)}${line(head.map(() => "---"))}${rows.map(line).join("")}`;
}
