import { expect, test } from "vitest";
import type { ExportTraceServiceResponse } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import type { CreateExperimentResponse, ListExperimentsResponse } from "#proto/twinspan/trace/v1/experiment_service.ts";
import type { GetTraceResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import type { WriteInvocationsResponse } from "#proto/twinspan/trace/v1/trace_writer_service.ts";
import { call, metadataOf, type Running, startRunning } from "./running.ts";
import { idsOf, record, resourceSpans, span, spanId, traceId } from "./sample-traces.ts";

/** `Default` is there from the start: callers may make two. */
const limited = () => startRunning(undefined, "{ experimentsMax: 3 }");

let next = 0x900;
const trace = () => traceId(next++);
const exportTo = ({ otlp }: Running, name: string) => {
  const spans = [resourceSpans([span({ trace: trace(), span: spanId(1) })])];
  const metadata = metadataOf({ "x-twinspan-experiment": name });
  return call<ExportTraceServiceResponse>((done) => otlp.export({ resourceSpans: spans }, metadata, done));
};
const create = ({ experiments }: Running, name: string) =>
  call<CreateExperimentResponse>((done) => experiments.createExperiment({ name }, done));
const namesIn = async ({ experiments: keeper }: Running) => {
  const request = { pageSize: 0, pageToken: "", filter: "" };
  const { experiments } = await call<ListExperimentsResponse>((done) => keeper.listExperiments(request, done));
  return experiments.map(({ name }) => name).toSorted();
};

test("callers make no more experiments than there may be, are told so, and go on with those that there are", async () => {
  await using running = await limited();
  expect((await exportTo(running, "one")).partialSuccess).toBeUndefined();
  await create(running, "two");
  const { partialSuccess } = await exportTo(running, "three");
  expect(partialSuccess?.errorMessage).toMatch(/traceWriter\.limits\.experimentsMax .*\(experiments_full\)$/);
  await expect(create(running, "four")).rejects.toMatchObject({
    kind: "experiments_full",
    message: expect.stringContaining("traceWriter.limits.experimentsMax"),
  });
  for (const name of ["one", "two", "Default"]) {
    expect((await exportTo(running, name)).partialSuccess).toBeUndefined();
  }
  expect(await namesIn(running)).toEqual(["Default", "one", "two"]);
  const metrics = await (await fetch(`http://${running.opsAddress}/metrics`)).text();
  expect(metrics).toContain("twinspan_trace_writer_experiments_refused_total 2");
  expect(metrics).toContain('twinspan_trace_writer_spans_rejected_total{reason="experiments_full"} 1');
});

test("of exports at once that name a missing experiment each no more get one than there is room for", async () => {
  await using running = await limited();
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => exportTo(running, `coined ${index}`)));
  expect(answers.filter(({ partialSuccess }) => partialSuccess === undefined)).toHaveLength(2);
  expect(await namesIn(running)).toHaveLength(3);
});

test("a record is stored whatever its caller names: endpoints' experiments are made, and the mirror waits", async () => {
  await using running = await limited();
  await create(running, "one");
  await create(running, "two");
  const n = next++;
  const experiment = { ref: { $case: "name", value: "coined" } } as const;
  const written = record({ n, caller: { trace: traceId(n), span: spanId(1), experiment } });
  const { results } = await call<WriteInvocationsResponse>((done) =>
    running.writer.writeInvocations({ records: [written] }, done),
  );
  expect(results).toMatchObject([{ outcome: 1, mirrorOutcome: 1 }]);
  expect(await namesIn(running)).toEqual(["Default", "gateway/demo", "one", "two"]);
  const infoOf = async (id: string) =>
    (await call<GetTraceResponse>((done) => running.reader.getTrace({ traceId: id, view: 1 }, done))).trace?.info;
  expect((await infoOf(idsOf(n).full))?.sealed).toBe(true);
  expect((await infoOf(traceId(n)))?.experimentId).toBe("");
});
