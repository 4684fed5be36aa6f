import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toldOptions } from "./arguments.ts";
import { optionsOf, USAGE } from "./options.ts";
import { Figures } from "./results/figures.ts";
import { goalsOf, lostOf } from "./results/goals.ts";
import { pictureOf } from "./results/pictures.ts";
import { commitText, machineText, type RunRecord, recordText } from "./results/record.ts";
import { reportOf } from "./results/report.ts";
import { goalsTable, ledgerTable, modeTable } from "./results/tables.ts";
import { measure } from "./run.ts";
import { say, showProgress } from "./say.ts";
import { startScratch } from "./scratch.ts";
import { startTargets } from "./targets/start-targets.ts";

/*
 * `make bench`: what twinspan costs, side by side with what it is compared with, in one run. `--help` says what it may
 * be told. It fails, once all is written, when traces were lost.
 */

const DOCUMENT = "docs/performance.md";
const FILES = "docs/performance";

const options = toldOptions(optionsOf, USAGE);
using scratch = startScratch();
const run = await record();
const isWhole = run.rounds > 0;
if (options.isPublished && isWhole) publish(run);
else say(summaryOf(run));
if (!isWhole) {
  say(
    `not one round was whole after ${options.minutes} minutes: give it more (--minutes), or ask for less (--only, --targets)`,
  );
  process.exitCode = 1;
}
if (options.out !== undefined) writeFileSync(options.out, recordText(run));
if (run.ledger.some((line) => lostOf(line) !== 0)) {
  say(`traces were lost:\n${ledgerTable(run.ledger)}`);
  process.exitCode = 1;
}

async function record(): Promise<RunRecord> {
  const wanted = new Set(options.cells.map(({ target }) => target));
  say(`starting ${[...wanted].join(", ")} …`);
  await using targets = await startTargets([...wanted], scratch.directory);
  for (const [name, reason] of Object.entries(targets.missing)) say(`left out: ${name}: ${reason}`);
  const byName = new Map(targets.all.map((target) => [target.name, target]));
  const cells = options.cells.flatMap(({ mode, target: name }) => {
    const target = byName.get(name);
    return target === undefined ? [] : [{ mode, target }];
  });
  using progress = showProgress(cells.length, options.rounds);
  const measured = await measure({ ...targets, cells, ...progress }, options);
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: machineText(),
    commit: commitText(),
    seconds: options.seconds,
    perSecond: options.perSecond,
    missing: targets.missing,
    ...measured,
  };
}

function publish(run: RunRecord): void {
  mkdirSync(FILES, { recursive: true });
  writeFileSync(join(FILES, "run.json"), recordText(run));
  writeFileSync(join(FILES, "run.svg"), pictureOf(new Figures(run.cells)));
  writeFileSync(DOCUMENT, reportOf(run));
  say(goalsTable(goalsOf(new Figures(run.cells), run.ledger)));
  say(`written: ${DOCUMENT}, ${FILES}/run.json, ${FILES}/run.svg`);
}

function summaryOf(run: RunRecord): string {
  const figures = new Figures(run.cells);
  const modes = figures.modes.map((mode) => `## ${mode}\n\n${modeTable(figures, mode)}`);
  const goals = goalsOf(figures, run.ledger).filter(({ isReached }) => isReached !== undefined);
  const reached = goals.length === 0 ? [] : [`## Goals\n\n${goalsTable(goals)}`];
  const stored = run.ledger.length === 0 ? [] : [`## Stored\n\n${ledgerTable(run.ledger)}`];
  return [...modes, ...reached, ...stored].join("\n");
}
