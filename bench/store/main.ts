import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { answersAt, startProcess } from "../processes.ts";
import type { StoreFigures, WriteFigures } from "./figures.ts";
import { read } from "./loads.ts";
import { Meter, TRACES_OF_ONE } from "./meter.ts";
import { storeReportOf } from "./report.ts";
import { type MeasuredStore, STORE_NAMES, type StoreName, startStore } from "./stores.ts";

/*
 * `make bench-store`: what a store takes and gives through the trace-writer's gRPC. Rounds of writes in several shapes,
 * then records until there are N traces; reads over all that, first alone, then while records are written; then what it
 * takes on the disk. What is written is made ready, and sent, by a process of its own.
 */

/** Ports of their own, so that a `make up` may go on beside. */
const TARGET = "127.0.0.1:9102";
const OPS = "127.0.0.1:9112";
const REPORT = "docs/performance-store.md";
const RAW = "docs/performance-store";
/** A round of writes has so many messages, and the store is filled in so many parts. */
const ROUND = 4_000;
const PARTS = 10;
const READS = 500;
/** What is written while it is read under load: 4,000 spans a second. */
const MEANWHILE = { batch: 100, lanes: 1, count: 2_000, perSecond: 1_000 };

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "sqlite" },
    traces: { type: "string", default: "60000" },
    out: { type: "string", default: RAW },
  },
});
const storeName = STORE_NAMES.find((name) => name === values.store);
if (storeName === undefined) throw new Error(`--store must be one of ${STORE_NAMES.join(", ")}`);
const directory = mkdtempSync(join(tmpdir(), "twinspan-bench-store-"));
try {
  await using store = await startStore(storeName, directory);
  const figures = await measure(store, Number(values.traces));
  publish(figures, values.out);
} finally {
  rmSync(directory, { recursive: true });
}

async function measure(store: MeasuredStore, traces: number): Promise<StoreFigures> {
  const config = join(directory, "twinspan.yaml");
  const settings = { listen: TARGET, ops: OPS, store: store.settings };
  writeFileSync(config, JSON.stringify({ log: { level: "warn" }, traceWriter: settings }));
  await using service = await startProcess({
    name: "trace-writer",
    args: [...(process.env["BENCH_NODE_ARGS"]?.split(" ") ?? []), "services/trace-writer/main.ts"],
    environment: { TWINSPAN_CONFIG: config },
    logFile: join(directory, "trace-writer.log"),
    isReady: () => answersAt(`http://${OPS}/readyz`),
  });
  const meter = new Meter(service, TARGET);
  await meter.round("warm-up", { what: "records", batch: 100, lanes: 2, count: 1_000 });
  const writes = [
    await meter.round("records", { what: "records", batch: 100, lanes: 4, count: ROUND }),
    await meter.round("records", { what: "records", batch: 1_000, lanes: 2, count: ROUND }),
    await meter.round("records, one by one", { what: "records", batch: 1, lanes: 64, count: ROUND }),
    await meter.round("agents' traces", { what: "traces", batch: 100, lanes: 4, count: ROUND }),
    await meter.round("agents' traces", { what: "traces", batch: 1_000, lanes: 2, count: ROUND }),
    await meter.round("adoptions of a mirror", { what: "owners", batch: 100, lanes: 4, count: ROUND }),
  ];
  const filling: WriteFigures[] = [];
  const left = Math.max(0, Math.floor((traces - meter.traces) / TRACES_OF_ONE.records / PARTS));
  for (let part = 0; part < PARTS && left > 0; part += 1) {
    filling.push(await meter.round(`${meter.traces} traces`, { what: "records", batch: 100, lanes: 4, count: left }));
  }
  const { records } = meter;
  const reads = { target: TARGET, records, times: READS };
  await pause(1_000);
  const quiet = await step("reads", () => read(reads));
  const bytesOnDisk = await store.bytesOnDisk();
  const { payloadBytes } = meter;
  const { traces: written } = meter;
  const busy = await step("reads while records are written", () => meter.whileWriting(MEANWHILE, () => read(reads)));
  return {
    store: store.name,
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 1024 ** 3)} GiB, Node ${process.versions.node}`,
    writes,
    filling,
    traces: written,
    bytesOnDisk,
    payloadBytes,
    quiet,
    busy,
  };
}

async function step<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  say(`${name} …`);
  return work();
}

/** Writes the figures, raw, and the document of all stores' figures. */
function publish(figures: StoreFigures, out: string): void {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, `${figures.store}.json`), `${JSON.stringify(figures, undefined, 2)}\n`);
  if (out === RAW) {
    writeFileSync(REPORT, storeReportOf(STORE_NAMES.flatMap(figuresOf)));
    say(`written: ${REPORT}`);
  } else {
    say(storeReportOf([figures]));
  }
}

function figuresOf(name: StoreName): readonly StoreFigures[] {
  try {
    const figures: StoreFigures = JSON.parse(readFileSync(join(RAW, `${name}.json`), "utf8"));
    return [figures];
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
