import { type BenchCell, type BenchRun, cellOf, cpuOf } from "./bench-run.ts";
import type { Coefficients, StoreName } from "./coefficients.ts";
import { type Figure, figureOf } from "./figure-of.ts";
import { batchMsOf, fittedStore, type StoreRun } from "./fit-store.ts";
import { splitCosts } from "./split-costs.ts";

/** What coefficients are fitted to. */
export interface Measured {
  readonly bench: BenchRun;
  readonly stores: readonly StoreRun[];
}

/** What measured figures do not tell: memory, messages, wires, Redis, the bounds of servers; with where it is from. */
export interface Given {
  readonly residentMib: Readonly<Record<"ingress" | "gateway" | "trace-writer", Figure>>;
  readonly serverCoresMax: Readonly<Record<StoreName, Figure>>;
  readonly others: Pick<
    Coefficients,
    "messageMs" | "callKib" | "outboxRecordBytes" | "wireBytes" | "redisOpsPerSecondMax" | "redisOpsPerCall"
  >;
}

const LARGE_KIB = 100_000 / 1024;
const PACED_CHUNKS = 30;

/** Fits all coefficients to what was measured. Throws where a measurement is missing. */
export function fitted({ bench, stores }: Measured, { residentMib, serverCoresMax, others }: Given): Coefficients {
  const runOf = (name: StoreName) => stores.find(({ store }) => store === name);
  const sqlite = runOf("sqlite");
  if (sqlite === undefined) throw new Error("docs/performance-store/sqlite.json is missing: run make bench-store");
  const split = splitCosts(bench, batchMsOf(sqlite));
  const of = (mode: string) => cellOf(bench, mode, "on-exchange");
  const many = of("plain-64");
  const source = (what: string) => `make bench, ${what}, ${bench.run.date}`;
  const passing = (name: "ingress" | "gateway"): Coefficients["ingress"] => {
    const beyond = (cell: BenchCell, parts: number) => (cpuOf(cell, name) - cpuOf(many, name)) / parts;
    return {
      callMs: figureOf(split[name].callMs, "ms", source("plain-1 and plain-64")),
      turnMs: figureOf(split[name].turnMs, "ms", source("plain-1 and plain-64")),
      kibMs: figureOf(beyond(of("large-64"), LARGE_KIB), "ms per KiB", source("large-64")),
      chunkMs: figureOf(beyond(of("stream-64"), PACED_CHUNKS), "ms per chunk", source("stream-64")),
      residentMib: residentMib[name],
    };
  };
  const store = (name: StoreName) => fittedStore(name, bench, sqlite, runOf(name), serverCoresMax[name]);
  return {
    machine: bench.run.machine,
    date: bench.run.date,
    ingress: passing("ingress"),
    gateway: passing("gateway"),
    "trace-writer": { residentMib: residentMib["trace-writer"] },
    ...others,
    stores: { sqlite: store("sqlite"), postgres: store("postgres"), clickhouse: store("clickhouse") },
  };
}
