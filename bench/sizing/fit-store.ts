import { z } from "zod";
import { type BenchRun, cellOf, cpuOf } from "./bench-run.ts";
import type { Coefficients, StoreName } from "./coefficients.ts";
import { type Figure, figureOf } from "./figure-of.ts";

/** What is read of the raw figures of `make bench-store`, docs/performance-store/. */
export const storeRunSchema = z.object({
  store: z.string(),
  date: z.string(),
  writes: z.array(z.object({ name: z.string(), batch: z.number(), spansPerSecond: z.number(), cpuMs: z.number() })),
  traces: z.number(),
  bytesOnDisk: z.number(),
  payloadBytes: z.number(),
});
export type StoreRun = z.output<typeof storeRunSchema>;

/** Of the records of `make bench-store`: KiB of payload, and what zstd makes of them (docs/performance-store.md). */
const STORED_KIB = 8;
const PACKED = 0.41;
const SPANS_OF_A_RECORD = 4;
/** A record is in a full trace, and its mirror in its caller's. */
const TRACES_OF_A_RECORD = 2;

/** What a batch of records takes of the trace-writer beside them, in milliseconds: what one alone takes more. */
export function batchMsOf(sqlite: StoreRun): number {
  return recordsOf(sqlite, 1).cpuMs - recordsOf(sqlite, 100).cpuMs;
}

/** What is known of a store. `own`: its own run of `make bench-store`; undefined: it takes of the disk what SQLite does. */
export function fittedStore(
  name: StoreName,
  bench: BenchRun,
  sqlite: StoreRun,
  own: StoreRun | undefined,
  serverCoresMax: Figure,
): Coefficients["stores"][StoreName] {
  const many = cellOf(bench, "plain-64", "on-exchange");
  const cell = name === "sqlite" ? many : cellOf(bench, "plain-64", `on-${name}`);
  const benchSource = `make bench, plain-64, ${name}, ${bench.run.date}`;
  const storeSource = `make bench-store, sqlite, ${sqlite.date}`;
  const disk = own ?? sqlite;
  const diskSource = own === undefined ? `not measured: as ${storeSource}` : `make bench-store, ${name}, ${own.date}`;
  const large = recordsOf(sqlite, 100);
  const bytesBeside = (disk.bytesOnDisk - PACKED * disk.payloadBytes) / disk.traces;
  return {
    recordMs: figureOf(cpuOf(cell, "trace-writer"), "ms", benchSource),
    kibMs: figureOf((large.cpuMs - cpuOf(many, "trace-writer")) / STORED_KIB, "ms per KiB", storeSource),
    batchMs: figureOf(batchMsOf(sqlite), "ms", storeSource),
    serverRecordMs: figureOf(name === "sqlite" ? 0 : cpuOf(cell, name), "ms", benchSource),
    recordBytes: figureOf(TRACES_OF_A_RECORD * bytesBeside, "bytes", diskSource),
    payloadBytes: figureOf(PACKED, "bytes a byte", diskSource),
    recordsPerSecondMax:
      name === "sqlite"
        ? figureOf(large.spansPerSecond / SPANS_OF_A_RECORD, "records/s", storeSource)
        : figureOf(0, "records/s", "no bound was met beside its cores"),
    serverCoresMax,
  };
}

function recordsOf({ writes }: StoreRun, batch: number) {
  const found = writes.find((write) => write.name.startsWith("records") && write.batch === batch);
  if (found === undefined) throw new Error(`the run of make bench-store has no records in batches of ${batch}`);
  return found;
}
