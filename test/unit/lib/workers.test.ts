import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { parseConfig } from "#lib/config/load.ts";
import { configSchema } from "#lib/config/schema.ts";
import { addedMetrics, type Figures, figuresOf, lastingFigures } from "#lib/workers/added-metrics.ts";
import { addedReadiness } from "#lib/workers/added-readiness.ts";
import { Questions } from "#lib/workers/questions.ts";
import { workerCountOf } from "#lib/workers/worker-count.ts";
import { placeOf, placeText } from "#lib/workers/worker-place.ts";
import { shareOf } from "#lib/workers/worker-share.ts";
import { leftOutboxPaths, outboxPathOf } from "../../../services/gateway/outbox/outbox-files.ts";

test("two processes ask each other, and hear of failures, of silence, and of an end", async () => {
  const answers = {
    double: (body: unknown) => Number(body) * 2,
    fail: () => {
      throw new Error("no such thing");
    },
    hang: () => new Promise(() => {}),
  };
  // Both sides are one object: what it sends, it hears.
  const both: Questions = new Questions((message) => setImmediate(() => both.hear(message)), answers);
  expect(await Promise.all([both.ask("double", 2, 1000), both.ask("double", 3, 1000)])).toEqual([4, 6]);
  await expect(both.ask("fail", 0, 1000)).rejects.toThrow("no such thing");
  await expect(both.ask("else", 0, 1000)).rejects.toThrow('nobody answers "else" here');
  await expect(both.ask("hang", 0, 10)).rejects.toThrow('no answer to "hang" within 10 ms');
  both.hear({ of: "somebody else" });
  const left = both.ask("hang", 0, 1000);
  both.close();
  await expect(left).rejects.toThrow("the other process is gone");
});

/** The figures of a worker that has had so many calls. */
async function figuresAfter(calls: number): Promise<Figures> {
  const registers = [new Registry()];
  new Counter({ name: "calls_total", help: "Calls.", labelNames: ["endpoint"], registers }).inc(
    { endpoint: "a" },
    calls,
  );
  new Gauge({ name: "in_flight", help: "Now.", registers }).set(calls);
  new Gauge({ name: "oldest", help: "Age.", registers, aggregator: "max" }).set(calls);
  const seconds = new Histogram({ name: "seconds", help: "Time.", buckets: [1, 5], registers });
  for (let call = 0; call < calls; call += 1) seconds.observe(call);
  return figuresOf(structuredClone(await registers[0]?.getMetricsAsJSON()));
}

test("the figures of workers add up, and what one had counted stays when it is gone", async () => {
  const [one, two] = [await figuresAfter(3), await figuresAfter(7)];
  const lines = async (...all: readonly Figures[]) =>
    (await addedMetrics(all).metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const counted = ['calls_total{endpoint="a"} 10', 'seconds_bucket{le="1"} 4', 'seconds_bucket{le="5"} 9'];
  expect(await lines(one, two)).toEqual(
    expect.arrayContaining([...counted, "in_flight 10", "oldest 7", "seconds_count 10"]),
  );
  const left = await lastingFigures([await lastingFigures([two]), one]);
  expect(await lines(left)).toEqual(expect.arrayContaining([...counted, "seconds_count 10"]));
  expect((await lines(left)).some((line) => line.startsWith("in_flight") || line.startsWith("oldest"))).toBe(false);
});

test("a service is ready when each worker that listens is, and says which do not", () => {
  const well = { ready: true, degraded: [] };
  expect(addedReadiness([well, well], 2)).toEqual(well);
  expect(
    addedReadiness([well, { ready: true, degraded: ["overloaded"] }, { ready: true, degraded: ["overloaded"] }], 3),
  ).toEqual({
    ready: true,
    degraded: ["overloaded"],
  });
  expect(addedReadiness([well], 2)).toEqual({
    ready: true,
    degraded: ["1 of 2 workers are not running, and are started again"],
  });
  expect(addedReadiness([well, undefined], 2)).toEqual({ ready: false, degraded: ["a worker does not answer"] });
  expect(addedReadiness([well, { ready: false, degraded: ["full"] }], 2)).toEqual({ ready: false, degraded: ["full"] });
  expect(addedReadiness([], 2).ready).toBe(false);
});

test("a place is told from one process to the next", () => {
  expect(placeOf(placeText({ number: 2, count: 4 }))).toEqual({ number: 2, count: 4 });
  for (const text of ["", "4/4", "1", "a/b", "-1/2", "1/2/3"]) expect(placeOf(text)).toBeUndefined();
});

test("what a service takes on is shared out whole: the shares of all workers add up", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 5_000 }), (count, callsMax) => {
      const config = configSchema.parse({
        gateway: { limits: { callsMax } },
        endpoints: [{ name: "a", models: [{ provider: "p", model: "m" }], concurrency: { callsMax } }],
        limits: { rules: [{ name: "r", per: "key", callsMax, requestsMax: callsMax }] },
      });
      const shares = Array.from({ length: count }, (_, number) => shareOf(config, "gateway", { number, count }));
      const sumOf = (value: (share: typeof config) => number | undefined) =>
        shares.reduce((sum, share) => sum + (value(share) ?? 0), 0);
      const expected = Math.max(callsMax, count);
      expect(sumOf(({ gateway }) => gateway.limits.callsMax)).toBe(expected);
      expect(sumOf(({ endpoints }) => endpoints[0]?.concurrency.callsMax)).toBe(expected);
      expect(sumOf(({ limits }) => limits.rules[0]?.callsMax)).toBe(expected);
      expect(sumOf(({ gateway }) => gateway.outbox.bytesMax)).toBe(config.gateway.outbox.bytesMax);
      // Counted in one place for all, and of each call.
      for (const share of shares) {
        expect(share.limits.rules[0]?.requestsMax).toBe(callsMax);
        expect(share.gateway.limits.requestBytesMax).toBe(config.gateway.limits.requestBytesMax);
      }
    }),
    { numRuns: 50 },
  );
});

test("an SQLite store takes one trace-writer: auto is one, and more are a fault that says where and what to do", () => {
  const workersOf = (text: string) => workerCountOf(parseConfig(text, "twinspan.yaml", {}), "traceWriter");
  expect(workersOf("traceWriter: { workers: auto }")).toBe(1);
  expect(workersOf("traceWriter: { workers: 1 }")).toBe(1);
  const postgres = "store: { use: postgres, postgres: { url: 'postgres://a@b/c' } }";
  expect(workersOf(`traceWriter: { workers: 3, ${postgres} }`)).toBe(3);
  expect(() => workersOf("traceWriter: { workers: 3 }")).toThrow(
    "twinspan.yaml:1:25  traceWriter.workers: must be 1: an SQLite file has one writer. For 3 set traceWriter.store.use to postgres or clickhouse.",
  );
  expect(() => workersOf("gateway: { workers: 0 }")).toThrow("gateway.workers");
});

test("each worker has an outbox of its own, and those of workers that are no more are found", () => {
  const directory = mkdtempSync(join(tmpdir(), "twinspan-outboxes-"));
  const path = join(directory, "outbox.db");
  expect([0, 1, 12].map((worker) => outboxPathOf(path, worker))).toEqual([
    path,
    join(directory, "outbox.worker-1.db"),
    join(directory, "outbox.worker-12.db"),
  ]);
  expect(outboxPathOf("var/outbox", 1)).toBe("var/outbox.worker-1");
  for (const name of ["outbox.db", "outbox.db-wal", "outbox-1.db", "other.worker-3.db", "outbox.worker-x.db"]) {
    writeFileSync(join(directory, name), "");
  }
  for (const worker of [1, 2, 10]) writeFileSync(outboxPathOf(path, worker), "");
  expect(leftOutboxPaths(path, 2)).toEqual([2, 10].map((worker) => outboxPathOf(path, worker)));
  expect(leftOutboxPaths(path, 1)).toHaveLength(3);
});
