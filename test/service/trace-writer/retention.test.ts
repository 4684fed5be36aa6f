import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { createLogger } from "#lib/logger.ts";
import type { ListExperimentsResponse, SearchTracesResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { sumOfMetric } from "../../helpers/metrics-text.ts";
import { until } from "../../helpers/until.ts";
import { call, metadataOf, newDirectory, type Running, startRunning } from "./running.ts";
import { resourceSpans, span, spanId, traceId } from "./sample-traces.ts";

const DAY_NS = 86_400_000_000_000n;
const RETENTION = {
  retention: { tracesMax: 60, everyMs: 20 },
  experiments: [
    { name: "kept", retention: {} },
    { name: "young", retention: { ageDaysMax: 2.5 } },
  ],
};

/** A trace of one span, which began so many days ago. */
const write = (running: Running, experiment: string, n: number, daysAgo: number) => {
  const sent = span({ trace: traceId(n), span: spanId(1), name: `secret<${n}>` });
  const startTimeUnixNano = BigInt(Date.now()) * 1_000_000n - (BigInt(Math.round(daysAgo * 10)) * DAY_NS) / 10n;
  const spans = [{ ...sent, startTimeUnixNano, endTimeUnixNano: startTimeUnixNano + 1n }];
  const metadata = metadataOf({ "x-twinspan-experiment": experiment });
  return call((done) => running.otlp.export({ resourceSpans: [resourceSpans(spans)] }, metadata, done));
};

async function countsOf({ reader }: Running): Promise<Readonly<Record<string, number>>> {
  const { experiments } = await call<ListExperimentsResponse>((done) =>
    reader.listExperiments({ pageSize: 0, pageToken: "", filter: "" }, done),
  );
  return Object.fromEntries(experiments.map(({ name, traceCount }) => [name, Number(traceCount)]));
}

test("each experiment keeps what is configured for it, and of the rest nothing is left on the disk", async () => {
  const directory = newDirectory();
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  await using running = await startRunning(directory, "{}", RETENTION, createLogger("trace-writer", "info", sink));
  const metric = async (line: string) =>
    sumOfMetric(await (await fetch(`http://${running.opsAddress}/metrics`)).text(), line);

  for (let n = 1; n <= 200; n += 1) await write(running, n % 2 === 0 ? "kept" : "counted", n, 200 - n);
  for (let n = 201; n <= 210; n += 1) await write(running, "young", n, 210 - n);
  await until("retention is done", async () => {
    const counts = await countsOf(running);
    return counts["counted"] === 60 && counts["young"] === 3;
  });
  expect(await countsOf(running)).toMatchObject({ kept: 100, counted: 60, young: 3 });
  expect(await metric('twinspan_trace_writer_retention_deleted_total{reason="count"}')).toBe(40);
  expect(await metric('twinspan_trace_writer_retention_deleted_total{reason="age"}')).toBe(7);
  expect(await metric("twinspan_trace_writer_retention_last_run_timestamp_seconds")).toBeGreaterThan(1.7e9);
  const told = lines.filter((line) => line.includes("retention has deleted traces"));
  expect(told.length).toBeGreaterThan(0);
  expect(told.join("")).not.toContain("secret");

  const { experiments } = await call<ListExperimentsResponse>((done) =>
    running.reader.listExperiments({ pageSize: 0, pageToken: "", filter: "" }, done),
  );
  const experimentIds = experiments.filter(({ name }) => name === "counted").map(({ id }) => id);
  const search = {
    experimentIds,
    pending: false,
    pageSize: 500,
    pageToken: "",
    filter: "",
    orderBy: "",
    unclaimed: false,
  };
  const { traces } = await call<SearchTracesResponse>((done) => running.reader.searchTraces(search, done));
  const left = new Set(traces.map(({ name }) => name));
  expect(left.size).toBe(60);
  expect(left).toContain("secret<199>");
  const onDisk = () =>
    ["traces.db", "traces.db-wal"].map((file) => readFileSync(join(directory, file), "latin1")).join("\n");
  await until("what was deleted is erased", () => !/secret<(1|79|203)>/.test(onDisk()));
  expect(onDisk()).toContain("secret<199>");
});

test("readers are told what is kept of each experiment, and whether that is its own", async () => {
  await using running = await startRunning(newDirectory(), "{}", RETENTION);
  for (const [n, experiment] of ["kept", "young", "other"].entries()) await write(running, experiment, n + 1, 0);
  const { experiments } = await call<ListExperimentsResponse>((done) =>
    running.reader.listExperiments({ pageSize: 0, pageToken: "", filter: "" }, done),
  );
  expect(Object.fromEntries(experiments.map(({ name, retention }) => [name, retention]))).toMatchObject({
    kept: { ageDaysMax: 0, tracesMax: 0n, bytesMax: 0n, own: true },
    young: { ageDaysMax: 2.5, tracesMax: 0n, bytesMax: 0n, own: true },
    other: { ageDaysMax: 0, tracesMax: 60n, bytesMax: 0n, own: false },
  });
});
