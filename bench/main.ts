import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProgress } from "../cli/progress.ts";
import { type Options, optionsOf, USAGE } from "./options.ts";
import { measure } from "./run.ts";
import { tablesOf } from "./tables.ts";
import { startTargets } from "./targets/start-targets.ts";

/*
 * `make bench`: what twinspan costs, side by side with what it is compared with, in one run. See `options.ts` for what it may
 * be told, and CONTRIBUTING.md for what to run when.
 */

const options = toldOptions();
const directory = mkdtempSync(join(tmpdir(), "twinspan-bench-"));
try {
  const wanted = new Set(options.cells.map(({ target }) => target));
  await using targets = await startTargets([...wanted], directory);
  for (const [name, reason] of Object.entries(targets.missing)) say(`left out: ${name}: ${reason}`);
  const byName = new Map(targets.all.map((target) => [target.name, target]));
  const cells = options.cells.flatMap(({ mode, target: name }) => {
    const target = byName.get(name);
    return target === undefined ? [] : [{ mode, target }];
  });
  const total = cells.length * (options.rounds + 1);
  using progress = startProgress(
    { err: (text) => void process.stderr.write(text), errIsTerminal: process.stderr.isTTY },
    total,
  );
  const measured = await measure(
    { ...targets, cells, onCell: (done, _total, name) => progress.show(done, name) },
    options,
  );
  say(tablesOf(measured));
} finally {
  rmSync(directory, { recursive: true });
}

function toldOptions(): Options {
  const args = process.argv.slice(2);
  if (args.includes("--help")) {
    say(USAGE);
    process.exit(0);
  }
  try {
    return optionsOf(args);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}\n`);
    process.exit(2);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
