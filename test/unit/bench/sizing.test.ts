import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { benchRunSchema } from "../../../bench/sizing/bench-run.ts";
import { coefficientsSchema } from "../../../bench/sizing/coefficients.ts";
import { fitted } from "../../../bench/sizing/fit.ts";
import { storeRunSchema } from "../../../bench/sizing/fit-store.ts";
import { fleetShapeOf } from "../../../bench/sizing/fleet-shape.ts";
import { GIVEN } from "../../../bench/sizing/given.ts";
import { sizeOf } from "../../../bench/sizing/model.ts";
import { Cores } from "../../../bench/sizing/simulation/cores.ts";
import { EventLoop } from "../../../bench/sizing/simulation/event-loop.ts";
import { EventQueue } from "../../../bench/sizing/simulation/event-queue.ts";
import { type PipelineShape, simulate } from "../../../bench/sizing/simulation/pipeline.ts";
import { coefficientTable, sizeTable } from "../../../bench/sizing/tables.ts";
import { documentedLoads, type Workload, workloadOf, workloadSchema } from "../../../bench/sizing/workload.ts";
import { seededRandom } from "../../../tools/seeded-random.ts";

const published = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));
const known = coefficientsSchema.parse(published("bench/sizing/coefficients.json"));
const loadOf = (told: Partial<Workload>) => ({ ...workloadSchema.parse({}), ...told });

test("the coefficients are those of the runs that are published", () => {
  const bench = benchRunSchema.parse(published("docs/performance/run.json"));
  const stores = ["sqlite", "postgres", "clickhouse"]
    .map((store) => `docs/performance-store/${store}.json`)
    .filter((file) => existsSync(file))
    .map((file) => storeRunSchema.parse(published(file)));
  expect(fitted({ bench, stores }, GIVEN), "make sizing-fit writes them").toEqual(known);
});

describe("the simulation", () => {
  test("what is yet to happen happens in the order of its time", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1000, noNaN: true })), (times) => {
        const queue = new EventQueue();
        const happened: number[] = [];
        for (const ms of times) queue.in(ms, () => happened.push(queue.nowMs));
        queue.runUntil(1000);
        expect(happened).toEqual(times.toSorted((a, b) => a - b));
      }),
    );
  });

  test("what comes during a turn shares the next one, and each further process costs a message", () => {
    const queue = new EventQueue();
    const loop = new EventLoop(queue, new Cores(1), { turnMs: 10, messageMs: 2 });
    const done: number[] = [];
    const work = (peer: number) => loop.take({ ms: 1, peer, done: () => done.push(queue.nowMs) });
    work(1);
    work(1);
    work(1);
    work(2);
    queue.runUntil(100);
    // The first turn has the first; the second has three works for two processes.
    expect(done).toEqual([11, 26, 26, 26]);
    expect([loop.turns, loop.works, loop.busyMs]).toEqual([2, 4, 26]);
  });

  test("callers without pause get what the cores give, and no more", () => {
    const service = { copies: 1, callMs: 0.5, turnMs: 0, messageMs: 0 };
    const shape: PipelineShape = {
      ingress: service,
      gateway: service,
      traceWriter: { ...service, callMs: 0 },
      commit: { ms: 1, recordMs: 0 },
      providerMs: 0,
      lingerMs: 20,
      batchRecordsMax: 256,
      load: { callers: 64 },
      cores: 2,
      random: seededRandom(1),
    };
    expect(simulate({ ...shape, cores: 1 }, 2_000).perSecond).toBeCloseTo(1_000, -2);
    // What comes in one turn goes in one, so that the two services wait for each other now and then.
    const two = simulate(shape, 2_000).perSecond;
    expect(two).toBeGreaterThan(1_200);
    expect(two).toBeLessThanOrEqual(2_000);
  });

  test("a trace-writer that is too slow is told by what waits", () => {
    const load = loadOf({ rate: 2_000 });
    const shape = fleetShapeOf(load, sizeOf(load, known), known, seededRandom(1));
    const slow = simulate({ ...shape, commit: { ms: 5, recordMs: 5 } }, 2_000);
    expect(slow.storedPerSecond).toBeLessThan(0.8 * slow.perSecond);
    expect(slow.waitingRecords.end).toBeGreaterThan(1.2 * slow.waitingRecords.half);
  });
});

describe("the model", () => {
  test.each([
    { rate: 1_000, store: "postgres", ms: 3_000 },
    { rate: 10_000, store: "clickhouse", ms: 4_000 },
    { rate: 100_000, store: "postgres", ms: 400 },
  ] as const)(
    "what it says is enough bears $rate calls a second on $store, and is as busy as was asked for",
    ({ rate, store, ms }) => {
      const load = loadOf({ rate, store });
      const told = simulate(fleetShapeOf(load, sizeOf(load, known), known, seededRandom(7)), ms);
      // Calls come by chance, so that in a second or two there are more or fewer of them.
      for (const perSecond of [told.perSecond, told.storedPerSecond]) {
        expect(Math.abs(perSecond / rate - 1)).toBeLessThan(0.12);
      }
      expect(told.waitingRecords.end).toBeLessThan(1.3 * told.waitingRecords.half + 50);
      for (const busy of Object.values(told.busy)) expect(busy).toBeLessThan(0.7);
      if (rate > 1_000) expect(Math.min(told.busy.ingress, told.busy.gateway)).toBeGreaterThan(0.5);
    },
  );

  test("more calls, more payload, more chunks and less of a core never need less", () => {
    const more: readonly (readonly [Partial<Workload>, Partial<Workload>])[] = [
      [{ rate: 10_000 }, { rate: 20_000 }],
      [{ payload: 1_000 }, { payload: 100_000 }],
      [{ chunks: 10 }, { chunks: 1_000 }],
      [{ busy: 80 }, { busy: 40 }],
      [{ attempts: 1 }, { attempts: 2 }],
    ];
    for (const [little, much] of more) {
      const [less, greater] = [
        sizeOf(loadOf({ rate: 5_000, ...little }), known),
        sizeOf(loadOf({ rate: 5_000, ...much }), known),
      ];
      expect(greater.gateway.cores, JSON.stringify(much)).toBeGreaterThan(less.gateway.cores);
      expect(greater.ingress.copies).toBeGreaterThanOrEqual(less.ingress.copies);
      expect(greater.traceWriter.cores).toBeGreaterThanOrEqual(less.traceWriter.cores);
    }
  });

  test("a service has a second copy, however few calls there are; SQLite has one trace-writer for each file", () => {
    const size = sizeOf(loadOf({ rate: 1, store: "sqlite" }), known);
    expect([size.ingress.copies, size.gateway.copies, size.traceWriter.copies]).toEqual([2, 2, 1]);
  });
});

test("docs/scaling.md has the tables of the coefficients that are here: `make sizing-fit` writes them", () => {
  const document = readFileSync("docs/scaling.md", "utf8");
  const sectionOf = (name: string) => document.split(`<!-- ${name} -->`)[1]?.split(`<!-- /${name} -->`)[0]?.trim();
  expect(sectionOf("sizes")).toBe(sizeTable(documentedLoads().map((load) => ({ load, size: sizeOf(load, known) }))));
  expect(sectionOf("coefficients")).toBe(coefficientTable(known));
});

describe("the command", () => {
  test("what is not told has a default, and sizes may be written as people do", () => {
    expect(workloadOf(["--rate", "5000", "--payload", "8KB", "--days", ""])).toMatchObject({
      rate: 5_000,
      payload: 8_192,
      days: 30,
    });
    expect(workloadOf(["--payload", "1.5 MiB"]).payload).toBe(1.5 * 1024 ** 2);
    expect(() => workloadOf(["--payload", "much", "--rate", "0"])).toThrow(/RATE: .*\nPAYLOAD: must be a size/);
  });
});
