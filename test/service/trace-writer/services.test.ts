import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import type { ExportTraceServiceResponse } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import type { GetExperimentResponse, ListExperimentsResponse } from "#proto/twinspan/trace/v1/experiment_service.ts";
import type { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { GetTotalsRequest, GetTotalsResponse } from "#proto/twinspan/trace/v1/totals.ts";
import type {
  GetTraceResponse,
  ListTwinsResponse,
  SearchTracesResponse,
} from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import {
  MirrorOutcome,
  type WriteInvocationsResponse,
  WriteOutcome,
} from "#proto/twinspan/trace/v1/trace_writer_service.ts";
import { call, metadataOf, type Running, startRunning } from "./running.ts";
import { CANARY, idsOf, record, resourceSpans, span, spanId, T0, traceId } from "./sample-traces.ts";
import { spansOf, textOf } from "./writing.ts";

let running: Running;
let next = 0x500;
const fresh = () => next++;
beforeAll(async () => {
  running = await startRunning();
});
afterAll(() => running[Symbol.asyncDispose]());

const write = (records: InvocationRecord[]) =>
  call<WriteInvocationsResponse>((done) => running.writer.writeInvocations({ records }, done));
const exportSpans = (spans: Parameters<typeof resourceSpans>[0], metadata: Readonly<Record<string, string>> = {}) =>
  call<ExportTraceServiceResponse>((done) =>
    running.otlp.export({ resourceSpans: [resourceSpans(spans)] }, metadataOf(metadata), done),
  );
const getTrace = (trace: string, view: 0 | 1 | 2 = 0) =>
  call<GetTraceResponse>((done) => running.reader.getTrace({ traceId: trace, view }, done)).then(
    ({ trace: found }) => found,
  );
const metrics = async () => (await fetch(`http://${running.opsAddress}/metrics`)).text();

describe("WriteInvocations", () => {
  test("answers per record, and a record that breaks a rule is refused without harm to the others", async () => {
    const [good, bad] = [fresh(), fresh()];
    const broken = record({ n: bad, caller: { trace: traceId(bad), span: spanId(1) } });
    const [mirrored] = broken.mirror?.spans ?? [];
    if (mirrored !== undefined) mirrored.endpointName = `${CANARY} with spaces`;
    const { results } = await write([broken, record({ n: good, caller: { trace: traceId(good), span: spanId(1) } })]);
    expect(results[0]).toEqual({
      outcome: WriteOutcome.WRITE_OUTCOME_REFUSED,
      mirrorOutcome: MirrorOutcome.MIRROR_OUTCOME_UNSPECIFIED,
      reason: "mirror.spans[0].endpoint_name: must be at most 128 printable characters without spaces",
    });
    expect(results[1]).toEqual({
      outcome: WriteOutcome.WRITE_OUTCOME_STORED,
      mirrorOutcome: MirrorOutcome.MIRROR_OUTCOME_STORED,
      reason: "",
    });
    await expect(getTrace(idsOf(bad).full)).rejects.toMatchObject({ kind: "not_found" });
    expect((await getTrace(`tr-${idsOf(good).full}`))?.info?.sealed).toBe(true);
    expect(await metrics()).toContain(
      'twinspan_trace_writer_records_refused_total{field="mirror.spans.endpoint_name"} 1',
    );
  });

  test("a batch without records is an invalid request that names the field", async () => {
    await expect(write([])).rejects.toMatchObject({ kind: "invalid_request", field: "records" });
  });

  test("says that a caller's trace is sealed, and counts it", async () => {
    const [n, other] = [fresh(), fresh()];
    await write([record({ n })]);
    const { results } = await write([record({ n: other, caller: { trace: idsOf(n).full, span: spanId(1) } })]);
    expect(results[0]?.mirrorOutcome).toBe(MirrorOutcome.MIRROR_OUTCOME_SEALED_TRACE);
    expect(await metrics()).toContain('twinspan_trace_writer_store_events_total{event="mirror_in_sealed_trace"} 1');
  });
});

describe("reads", () => {
  test("a BASIC read holds no payload, and bad ids and views are invalid requests", async () => {
    const n = fresh();
    await write([record({ n })]);
    expect(textOf(await getTrace(idsOf(n).full))).toContain(CANARY);
    expect(textOf(await getTrace(idsOf(n).full, 1))).not.toContain(CANARY);
    await expect(getTrace("tr-nonsense")).rejects.toMatchObject({ kind: "invalid_request", field: "trace_id" });
  });

  test("a payload that was shed and one that was cut are marked in both views", async () => {
    const [shed, cut] = [fresh(), fresh()];
    const { payloads, ...rest } = record({ n: cut });
    const truncated = payloads.map((payload) => ({ ...payload, truncated: true }));
    await write([
      { ...record({ n: shed, payloads: [] }), payloadShed: true },
      { ...rest, payloads: truncated },
    ]);
    const keys = async (n: number) => spansOf(await getTrace(idsOf(n).full, 1))[0]?.attributes.map(({ key }) => key);
    expect(await keys(shed)).toContain("twinspan.payload.shed");
    expect(await keys(cut)).toContain("twinspan.payload.truncated");
  });

  test("a search pages with tokens that belong to it", async () => {
    const name = { "x-twinspan-experiment": "searched" };
    for (let index = 0; index < 5; index += 1) {
      await exportSpans([span({ trace: traceId(fresh()), span: spanId(1), start: index, end: 50 })], name);
    }
    const experiment = await call<GetExperimentResponse>((done) =>
      running.experiments.getExperiment({ experiment: { ref: { $case: "name", value: "searched" } } }, done),
    );
    const search = (pageToken: string, experimentIds: string[], pageSize = 2, filter = "", orderBy = "") =>
      call<SearchTracesResponse>((done) =>
        running.reader.searchTraces(
          { experimentIds, pending: false, unclaimed: false, pageSize, pageToken, filter, orderBy },
          done,
        ),
      );
    const ids = [experiment.experiment?.id ?? ""];
    const seen: bigint[] = [];
    let token = "";
    do {
      const page = await search(token, ids);
      seen.push(...page.traces.map((info) => info.startTimeUnixNano - T0));
      expect(page.nextPageToken).toMatch(/^[\w-]*$/);
      token = page.nextPageToken;
    } while (token !== "");
    expect(seen).toEqual([4n, 3n, 2n, 1n, 0n]);
    const first = await search("", ids);
    await expect(search(first.nextPageToken, ["0"])).rejects.toMatchObject({ field: "page_token" });
    await expect(search(first.nextPageToken, ids, 2, "status = 'OK'")).rejects.toMatchObject({ field: "page_token" });
    await expect(search(first.nextPageToken, ids, 2, "", "timestamp")).rejects.toMatchObject({ field: "page_token" });
    await expect(search("", ids, 2, "stat = 'OK'")).rejects.toMatchObject({ kind: "invalid_request", field: "filter" });
    await expect(search("", ids, 2, "", "name")).rejects.toMatchObject({ field: "order_by" });
    await expect(search("bm9uc2Vuc2U", ids)).rejects.toMatchObject({ field: "page_token" });
    await expect(search("", ids, -1)).rejects.toMatchObject({ field: "page_size" });
    await expect(search("", [])).rejects.toMatchObject({ field: "experiment_ids" });
    expect((await search("", ["nonsense", "987654"])).traces).toEqual([]);
  });

  test("twins page with tokens that belong to their trace", async () => {
    const [agent, first, second] = [traceId(fresh()), fresh(), fresh()];
    await write([first, second].map((n) => record({ n, start: n, caller: { trace: agent, span: spanId(1) } })));
    const twins = (trace: string, pageToken = "") =>
      call<ListTwinsResponse>((done) => running.reader.listTwins({ traceId: trace, pageSize: 1, pageToken }, done));
    const page = await twins(`tr-${agent}`);
    expect(page.traces.map((info) => info.traceId)).toEqual([`tr-${idsOf(first).full}`]);
    const next = await twins(agent, page.nextPageToken);
    expect(next).toMatchObject({ traces: [{ traceId: `tr-${idsOf(second).full}` }], nextPageToken: "" });
    expect((await twins(idsOf(first).full)).traces.map((info) => info.traceId)).toEqual([`tr-${agent}`]);
    await expect(twins(idsOf(first).full, page.nextPageToken)).rejects.toMatchObject({ field: "page_token" });
    await expect(twins("nonsense")).rejects.toMatchObject({ field: "trace_id" });
    await expect(twins(traceId(0xabcdef))).rejects.toMatchObject({ kind: "not_found" });
  });

  test("totals are answered, and what cannot be added up is refused by field", async () => {
    await write([record({ n: fresh(), experiment: "summed" })]);
    const ref = { $case: "name", value: "summed" } as const;
    const { experiment } = await call<GetExperimentResponse>((done) =>
      running.experiments.getExperiment({ experiment: { ref } }, done),
    );
    const asked: GetTotalsRequest = {
      experimentIds: [experiment?.id ?? "", "987654"],
      startTimeUnixNano: T0,
      endTimeUnixNano: T0 + 1000n,
      bucketNanos: 100n,
      kind: 0,
      groupBy: 2,
      groupsMax: 0,
    };
    const totals = (changed: Partial<GetTotalsRequest> = {}) =>
      call<GetTotalsResponse>((done) => running.reader.getTotals({ ...asked, ...changed }, done));
    expect((await totals()).points).toMatchObject([
      { startTimeUnixNano: T0, group: "echo-1", other: false, requests: 1n, usage: { inputTokens: 10n } },
    ]);
    expect((await totals({ kind: 2, groupBy: 4 })).points).toEqual([]);
    const refused: readonly [Partial<GetTotalsRequest>, string][] = [
      [{ experimentIds: [] }, "experiment_ids"],
      [{ endTimeUnixNano: T0 }, "end_time_unix_nano"],
      [{ bucketNanos: -1n }, "bucket_nanos"],
      [{ endTimeUnixNano: T0 + 100_001n }, "bucket_nanos"],
      [{ groupsMax: 101 }, "groups_max"],
      [{ kind: 2 }, "group_by"],
    ];
    for (const [changed, field] of refused) {
      await expect(totals(changed)).rejects.toMatchObject({ kind: "invalid_request", field });
    }
  });

  test("experiments are listed by id, a page at a time", async () => {
    const list = (pageToken: string) =>
      call<ListExperimentsResponse>((done) =>
        running.experiments.listExperiments({ pageSize: 1, pageToken, filter: "" }, done),
      );
    const first = await list("");
    expect(first.experiments).toMatchObject([{ id: "0", name: "Default" }]);
    const second = await list(first.nextPageToken);
    expect(Number(second.experiments[0]?.id)).toBeGreaterThan(0);
  });

  test("a trace's info carries MLflow's keys", async () => {
    const n = fresh();
    await write([
      record({ n, metadata: { "mlflow.trace.session": "s" }, caller: { trace: traceId(n), span: spanId(1) } }),
    ]);
    const info = (await getTrace(idsOf(n).full))?.info;
    expect(info?.metadata).toEqual({
      "mlflow.gateway.endpointId": "demo",
      "mlflow.trace.session": "s",
      "mlflow.trace_schema.version": "3",
      "mlflow.trace.tokenUsage": JSON.stringify({ input_tokens: 10, output_tokens: 5, total_tokens: 15 }),
      "mlflow.trace.cost": JSON.stringify({ input_cost: 1e-6, output_cost: 2e-6, total_cost: 3e-6 }),
    });
    expect(info?.tags).toEqual({ "mlflow.traceName": "gateway/demo", "mlflow.trace.spansLocation": "TRACKING_STORE" });
    const gateway = spansOf(await getTrace(traceId(n)))[0];
    const attributes = new Map(gateway?.attributes.map(({ key, value }) => [key, value?.value?.value]));
    expect(attributes.get("mlflow.gateway.linkedTraceId")).toBe(`tr-${idsOf(n).full}`);
    expect(attributes.get("mlflow.spanType")).toBe("CHAIN");
    expect(attributes.get("twinspan.mirror")).toBe(true);
  });
});

test("a queue that is full answers unavailable and says when to come back", async () => {
  await using small = await startRunning(undefined, "{ queueBytesMax: 1024 }");
  const spans = () => [resourceSpans([span({ trace: traceId(fresh()), span: spanId(1) })])];
  const answers = await Promise.allSettled(
    Array.from({ length: 50 }, () => call((done) => small.otlp.export({ resourceSpans: spans() }, done))),
  );
  const failures = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
  expect(failures.length).toBeGreaterThan(0);
  expect(failures.length).toBeLessThan(50);
  for (const failure of failures) {
    expect(failure).toBeInstanceOf(ServiceError);
    expect(failure).toMatchObject({ kind: "unavailable", retryAfterMs: 1000 });
  }
});

test("readyz says that it takes calls", async () => {
  await expect(fetch(`http://${running.opsAddress}/readyz`).then((answer) => answer.json())).resolves.toEqual({
    status: "ready",
    degraded: [],
  });
});
