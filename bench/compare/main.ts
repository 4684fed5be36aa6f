import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { releasedTree } from "../../tools/released-tree.ts";
import { toldOptions } from "../arguments.ts";
import { lostOf } from "../results/goals.ts";
import { type Measured, measure } from "../run.ts";
import { say, showProgress } from "../say.ts";
import { startScratch } from "../scratch.ts";
import { startProvider, startUnaryChain } from "../targets/proxies.ts";
import { SETUPS, Systems } from "../targets/systems.ts";
import type { SystemTargetName, Target } from "../targets/target.ts";
import { COMPARE_USAGE, type CompareOptions, compareOptionsOf } from "./options.ts";
import { comparisonOf, TREES, type Tree, targetIn } from "./report.ts";

/*
 * `make bench-compare BASE=…`: what this tree has changed since a commit. The services of both run side by side, under
 * the load, and with the configuration, of this tree, however old the other is. It fails when traces were lost.
 */

const PRESENT = fileURLToPath(new URL("../..", import.meta.url));

const options = toldOptions(compareOptionsOf, COMPARE_USAGE);
using scratch = startScratch();
const { directory } = scratch;
say(`checking out ${options.base} …`);
await using base = await releasedTree(options.base);
if (!base.hasSamePackages) say("installing its packages, which are others …");
await base.install();
const measured = await compare(base.directory, options);
say(`# ${options.base} and this tree\n\n${comparisonOf(measured, options.targets)}`);
if (measured.ledger.some((line) => lostOf(line) !== 0)) process.exitCode = 1;

async function compare(baseRoot: string, { modes, targets, ...pace }: CompareOptions): Promise<Measured> {
  await using started = new AsyncDisposableStack();
  const { provider, target: direct } = await startProvider(directory);
  started.use(provider);
  const chain = await startUnaryChain(direct.port, directory);
  for (const process of chain.processes) started.use(process);
  const roots: Readonly<Record<Tree, string>> = { base: baseRoot, this: PRESENT };
  const trees = TREES.map((tree) => {
    const systems = started.use(new Systems(roots[tree], join(directory, tree), direct.port));
    return { tree, systems };
  });
  const pairs: Target[] = [];
  for (const name of targets) {
    for (const { tree, systems } of trees) pairs.push(await startTarget(tree, systems, name));
  }
  const all = [direct, chain, ...pairs];
  const cells = modes.flatMap((mode) => all.map((target) => ({ mode, target })));
  using progress = showProgress(cells.length, pace.rounds);
  const traced = new Map(trees.flatMap(({ systems }) => [...systems.traced]));
  return await measure({ provider, traced, cells, ...progress }, pace);
}

async function startTarget(tree: Tree, systems: Systems, name: SystemTargetName): Promise<Target> {
  say(`starting ${name} of ${tree} …`);
  try {
    return await systems.target(targetIn(tree, name), SETUPS[name]);
  } catch (cause) {
    throw new Error(`${name} of ${tree} does not start; it may be older than this configuration`, { cause });
  }
}
