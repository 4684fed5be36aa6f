import { afterAll, beforeAll, expect, test } from "vitest";
import type { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { GetTraceResponse, SearchTracesResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import type { WriteInvocationsResponse } from "#proto/twinspan/trace/v1/trace_writer_service.ts";
import { call, metadataOf, type Running, startRunning } from "./running.ts";
import { record, resourceSpans, type SampleRecord, span, spanId, T0, traceId } from "./sample-traces.ts";

let running: Running;
beforeAll(async () => {
  running = await startRunning();
});
afterAll(() => running[Symbol.asyncDispose]());

const write = (...records: InvocationRecord[]) =>
  call<WriteInvocationsResponse>((done) => running.writer.writeInvocations({ records }, done));
const called = (n: number, sample: Partial<SampleRecord> = {}) =>
  record({ n, caller: { trace: traceId(n), span: spanId(1) }, ...sample });
const search = async (asked: {
  pending?: boolean;
  unclaimed?: boolean;
  filter?: string;
  pageSize?: number;
  pageToken?: string;
}) => {
  const request = {
    experimentIds: [],
    pending: false,
    unclaimed: false,
    pageSize: 0,
    pageToken: "",
    filter: "",
    orderBy: "",
  };
  return call<SearchTracesResponse>((done) => running.reader.searchTraces({ ...request, ...asked }, done));
};
const idsIn = ({ traces }: SearchTracesResponse) => traces.map((info) => info.traceId);
const isUnclaimed = async (n: number) => {
  const { trace } = await call<GetTraceResponse>((done) =>
    running.reader.getTrace({ traceId: traceId(n), view: 1 }, done),
  );
  return trace?.info?.unclaimed;
};
const metric = async (name: string) => {
  const text = await (await fetch(`http://${running.opsAddress}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]);
};

test("a pending trace is unclaimed once nobody has claimed it for an hour, is listed and counted as such, and is never dropped", async () => {
  const sinceT0 = Number(BigInt(Date.now()) * 1_000_000n - T0);
  await write(called(1), called(2, { start: sinceT0 }), called(3, { start: 50 }));
  expect(await Promise.all([1, 2, 3].map(isUnclaimed))).toEqual([true, false, true]);
  expect(idsIn(await search({ pending: true }))).toEqual([2, 3, 1].map((n) => `tr-${traceId(n)}`));
  expect((await search({ pending: true })).traces.map(({ unclaimed }) => unclaimed)).toEqual([false, true, true]);
  expect(idsIn(await search({ unclaimed: true }))).toEqual([3, 1].map((n) => `tr-${traceId(n)}`));
  expect(idsIn(await search({ unclaimed: true, filter: `trace_id = 'tr-${traceId(1)}'` }))).toEqual([
    `tr-${traceId(1)}`,
  ]);
  expect(await metric("twinspan_trace_writer_pending_traces")).toBe(3);
  expect(await metric("twinspan_trace_writer_unclaimed_traces")).toBe(2);
});

test("a claim that comes late is as good as any: the trace moves whole", async () => {
  await write(called(11), called(12));
  expect(await isUnclaimed(11)).toBe(true);
  const spans = [span({ trace: traceId(11), span: spanId(1), end: 900, name: "late" })];
  const metadata = metadataOf({ "x-twinspan-experiment": "late agent" });
  await call((done) => running.otlp.export({ resourceSpans: [resourceSpans(spans)] }, metadata, done));
  expect(await isUnclaimed(11)).toBe(false);
  const { trace } = await call<GetTraceResponse>((done) =>
    running.reader.getTrace({ traceId: traceId(11), view: 1 }, done),
  );
  expect(trace?.info).toMatchObject({ name: "late", spanCount: 3 });
  expect(trace?.info?.experimentId).not.toBe("");
  expect(idsIn(await search({ unclaimed: true }))).not.toContain(`tr-${traceId(11)}`);
  expect(idsIn(await search({ unclaimed: true }))).toContain(`tr-${traceId(12)}`);
});

test("pages of unclaimed traces repeat none and hide none, and a token of theirs is no other search's", async () => {
  await write(...Array.from({ length: 7 }, (_, index) => called(21 + index, { start: 1000 + index })));
  const seen: string[] = [];
  for (let pageToken = ""; ; ) {
    const page = await search({ unclaimed: true, pageSize: 3, pageToken });
    seen.push(...idsIn(page));
    pageToken = page.nextPageToken;
    if (pageToken === "") break;
    await expect(search({ pending: true, pageToken })).rejects.toMatchObject({ kind: "invalid_request" });
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toEqual(idsIn(await search({ unclaimed: true })));
});

test("what experiments hold is never unclaimed, and the two are not searched together", async () => {
  await write(
    called(31, { caller: { trace: traceId(31), span: spanId(1), experiment: { ref: { $case: "id", value: "0" } } } }),
  );
  expect(await isUnclaimed(31)).toBe(false);
  const request = {
    experimentIds: ["0"],
    pending: false,
    unclaimed: true,
    pageSize: 0,
    pageToken: "",
    filter: "",
    orderBy: "",
  };
  await expect(call((done) => running.reader.searchTraces(request, done))).rejects.toMatchObject({
    kind: "invalid_request",
  });
});
