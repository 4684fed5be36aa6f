import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { createLogger } from "#lib/logger.ts";
import { Experiment, RetentionSource } from "#proto/twinspan/trace/v1/experiment.ts";
import type {
  GetExperimentResponse,
  ListExperimentsResponse,
  UpdateExperimentResponse,
} from "#proto/twinspan/trace/v1/experiment_service.ts";
import type { SearchTracesResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { sumOfMetric } from "../../../tools/metrics-text.ts";
import { until } from "../../../tools/until.ts";
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

async function countsOf({ experiments: keeper }: Running): Promise<Readonly<Record<string, number>>> {
  const { experiments } = await call<ListExperimentsResponse>((done) =>
    keeper.listExperiments({ pageSize: 0, pageToken: "", filter: "" }, done),
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
    running.experiments.listExperiments({ pageSize: 0, pageToken: "", filter: "" }, done),
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

test("readers are told what is kept of each experiment, and where that is from", async () => {
  await using running = await startRunning(newDirectory(), "{}", RETENTION);
  for (const [n, experiment] of ["kept", "young", "other"].entries()) await write(running, experiment, n + 1, 0);
  const { experiments } = await call<ListExperimentsResponse>((done) =>
    running.experiments.listExperiments({ pageSize: 0, pageToken: "", filter: "" }, done),
  );
  expect(Object.fromEntries(experiments.map(({ name, retention }) => [name, retention]))).toMatchObject({
    kept: { ageDaysMax: 0, tracesMax: 0n, bytesMax: 0n, source: RetentionSource.RETENTION_SOURCE_NAME },
    young: { ageDaysMax: 2.5, tracesMax: 0n, bytesMax: 0n, source: RetentionSource.RETENTION_SOURCE_NAME },
    other: { ageDaysMax: 0, tracesMax: 60n, bytesMax: 0n, source: RetentionSource.RETENTION_SOURCE_ALL },
  });
});

test("limits that a person sets count in the place of the configuration's, within its ceiling, until they are taken back", async () => {
  const settings = { retention: { everyMs: 20, ceiling: { tracesMax: 4 } } };
  await using running = await startRunning(newDirectory(), "{}", settings);
  for (let n = 1; n <= 6; n += 1) await write(running, "set", n, 10 - n);
  await until("the ceiling is kept to", async () => (await countsOf(running))["set"] === 4);
  const { experiment: found } = await call<GetExperimentResponse>((done) =>
    running.experiments.getExperiment({ experiment: { ref: { $case: "name", value: "set" } } }, done),
  );
  if (found === undefined) throw new Error("the experiment is not there");
  const update = async (change: Partial<Experiment>, updateMask?: string[]) => {
    const experiment = { ...Experiment.decode(new Uint8Array()), id: found.id, ...change };
    const answer = await call<UpdateExperimentResponse>((done) =>
      running.experiments.updateExperiment({ experiment, updateMask }, done),
    );
    return answer.experiment;
  };
  const ceiling = { ageDaysMax: 0, tracesMax: 4n, bytesMax: 0n };
  const own = { ageDaysMax: 0, tracesMax: 2n, bytesMax: 0n };
  const told = await update({ ownRetention: own });
  expect(told).toMatchObject({ name: "set", ownRetention: own });
  expect(told?.retention).toEqual({
    ...own,
    source: RetentionSource.RETENTION_SOURCE_OWN,
    ceiling,
    configured: ceiling,
  });
  await until("the new limit is kept to", async () => (await countsOf(running))["set"] === 2);

  const beyond = { ageDaysMax: 3, tracesMax: 1000n, bytesMax: 0n };
  expect((await update({ name: "set anew", ownRetention: beyond }, ["*"]))?.retention).toMatchObject({
    ageDaysMax: 3,
    tracesMax: 4n,
  });
  await until("what is too old is gone", async () => (await countsOf(running))["set anew"] === 0);
  const without = await update({ ownRetention: undefined }, ["own_retention"]);
  expect(without).toMatchObject({ name: "set anew", retention: { source: RetentionSource.RETENTION_SOURCE_ALL } });
  expect(without?.ownRetention).toBeUndefined();

  await expect(update({ id: "987654", ownRetention: own })).rejects.toMatchObject({ kind: "not_found" });
  await expect(update({ name: "Default" })).rejects.toMatchObject({ kind: "already_exists" });
  for (const [field, wrong] of [
    ["experiment.own_retention.age_days_max", update({ ownRetention: { ...own, ageDaysMax: -1 } })],
    ["experiment.own_retention.age_days_max", update({ ownRetention: { ...own, ageDaysMax: Number.NaN } })],
    ["experiment.own_retention.traces_max", update({ ownRetention: { ...own, tracesMax: -1n } })],
    ["experiment.own_retention.bytes_max", update({ ownRetention: { ...own, bytesMax: 1023n } })],
    ["experiment.name", update({ name: "" }, ["name"])],
    ["update_mask", update({ ownRetention: own }, ["retention"])],
    ["update_mask", update({})],
  ] as const) {
    await expect(wrong).rejects.toMatchObject({ kind: "invalid_request", message: expect.stringContaining(field) });
  }
});
