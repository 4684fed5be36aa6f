import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { writeReportSection } from "../../tools/report-section.ts";
import { createRandom } from "../traffic/random.ts";
import { benchRunSchema } from "./bench-run.ts";
import { checkedAgainst } from "./check.ts";
import { coefficientsSchema } from "./coefficients.ts";
import { fitted } from "./fit.ts";
import { storeRunSchema } from "./fit-store.ts";
import { fleetShapeOf } from "./fleet-shape.ts";
import { GIVEN } from "./given.ts";
import { sizeOf } from "./model.ts";
import { simulate } from "./simulation/pipeline.ts";
import { checkTable, coefficientTable, simulationTable, sizeTable } from "./tables.ts";
import { documentedLoads, USAGE, type Workload, workloadOf } from "./workload.ts";

/*
 * `make sizing`: what a system needs for a workload. `--fit` fits the model anew to what `make bench` (or a file of its
 * `--out`) and `make bench-store` have published; `--document` writes docs/scaling.md's tables.
 */

const COEFFICIENTS = "bench/sizing/coefficients.json";
const RUN = "docs/performance/run.json";
const STORES = ["sqlite", "postgres", "clickhouse"].map((name) => `docs/performance-store/${name}.json`);
const DOCUMENT = "docs/scaling.md";
/** As many calls are simulated at the most: more processes have less time. */
const CALLS_MAX = 1_200_000;
const SIMULATED_MS = 4_000;

const args = process.argv.slice(2);
if (args.includes("--help")) say(USAGE);
else if (args.includes("--fit")) fitAnew(args[args.indexOf("--fit") + 1] ?? RUN);
else if (args.includes("--document")) document();
else answer();

function answer(): void {
  const isSimulated = args.includes("--simulate");
  let load: Workload;
  try {
    load = workloadOf(args.filter((arg) => arg !== "--simulate"));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n`);
    process.exitCode = 2;
    return;
  }
  const known = coefficients();
  const size = sizeOf(load, known);
  say(sizeTable([{ load, size }]));
  if (isSimulated) say(`\n${simulationTable([{ load, told: simulated(load) }])}`);
  say(
    `\nAt the peak, each process ${load.busy} % busy; measured on ${known.machine}, ${known.date}. docs/scaling.md says how far to trust it.`,
  );
}

function fitAnew(run: string): void {
  const bench = benchRunSchema.parse(read(run));
  const stores = STORES.filter((file) => existsSync(file)).map((file) => storeRunSchema.parse(read(file)));
  const known = fitted({ bench, stores }, GIVEN);
  writeFileSync(COEFFICIENTS, `${JSON.stringify(known, undefined, 2)}\n`);
  const checked = checkTable(checkedAgainst(bench, known));
  writeReportSection(DOCUMENT, "checked", checked);
  say(`written: ${COEFFICIENTS}\n\n${checked}`);
}

function document(): void {
  const known = coefficients();
  const loads = documentedLoads();
  writeReportSection(DOCUMENT, "sizes", sizeTable(loads.map((load) => ({ load, size: sizeOf(load, known) }))));
  writeReportSection(DOCUMENT, "simulated", simulationTable(loads.map((load) => ({ load, told: simulated(load) }))));
  writeReportSection(DOCUMENT, "coefficients", coefficientTable(known));
  say(`written: ${DOCUMENT}`);
}

function simulated(load: Workload) {
  const known = coefficients();
  const shape = fleetShapeOf(load, sizeOf(load, known), known, createRandom(1).next);
  return simulate(shape, Math.min(SIMULATED_MS, (CALLS_MAX * 1000) / load.rate));
}

function coefficients() {
  return coefficientsSchema.parse(read(COEFFICIENTS));
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
