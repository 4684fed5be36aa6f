import fc from "fast-check";
import { Counter, Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { createCellCounter, createCellHistogram } from "#lib/metric-cells.ts";

const label = fc.constantFrom("", "a", "b", "a,b", "ab:1");
const labels = fc.record({ one: label, other: label });
const value = fc.oneof(fc.constantFrom(0, 1, 2.5, 10), fc.double({ min: 0, max: 1e9, noNaN: true }));
const named = { name: "said", help: "What was said.", labelNames: ["other", "one"] as const };
const buckets = [0.005, 1, 2.5, 10, 1e6];

test("a counter and a histogram with cells read as prom-client's own do, whatever they are told", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(labels, value), { maxLength: 30 }), async (told) => {
      const counters = [new Registry(), new Registry()] as const;
      const counted = new Counter({ ...named, registers: [counters[0]] });
      const celled = createCellCounter({ ...named, registers: [counters[1]] });
      const histograms = [new Registry(), new Registry()] as const;
      const observed = new Histogram({ ...named, buckets, registers: [histograms[0]] });
      const celledToo = createCellHistogram({ ...named, buckets, registers: [histograms[1]] });
      for (const [which, by] of told) {
        counted.inc(which, by);
        celled.inc(which, by);
        observed.observe(which, by);
        celledToo.observe(which, by);
      }
      for (const [own, celled] of [counters, histograms]) {
        expect(await celled.metrics()).toBe(await own.metrics());
        expect(await celled.getMetricsAsJSON()).toEqual(await own.getMetricsAsJSON());
      }
    }),
    { numRuns: 50 },
  );
});

test("a figure and its text are one value of a label, whichever comes first, and 1 is what is counted where nothing is said", async () => {
  const registry = new Registry();
  const told = { help: "What was said.", labelNames: ["status"] as const, registers: [registry] };
  const counter = createCellCounter({ ...told, name: "said" });
  const histogram = createCellHistogram({ ...told, name: "took", buckets });
  for (const status of [200, "200", 200]) {
    counter.inc({ status });
    histogram.observe({ status }, 1);
  }
  expect(await registry.metrics()).toContain('said{status="200"} 3\n');
  expect(await registry.metrics()).toContain('took_count{status="200"} 3\n');
});

test("each of 20,000 lines is found without a look at the others", async () => {
  const registers = [new Registry()];
  const counter = createCellCounter({ ...named, registers });
  const histogram = createCellHistogram({ ...named, name: "took", buckets, registers });
  for (let one = 0; one < 20_000; one += 1) {
    counter.inc({ one, other: "" });
    histogram.observe({ one, other: "" }, 1);
  }
  expect(await registers[0]?.getSingleMetricAsString("said")).toContain('said{one="19999",other=""} 1');
});
