import { Metadata } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { serviceErrorOfRpc } from "#lib/rpc/status-details.ts";
import type { TailTracesRequest, TailTracesResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { call, newDirectory, type Running, startRunning } from "./running.ts";
import { idsOf, record, spanId, traceId } from "./sample-traces.ts";

const ALL: TailTracesRequest = { experimentIds: [], pending: true, filter: "", resumeToken: "" };

/** Follows, and gives one message after the other; a stream that fails throws what the service named. */
function follow(running: Running, request: TailTracesRequest) {
  const stream = running.reader.tailTraces(request, new Metadata());
  const messages: AsyncIterator<TailTracesResponse> = stream[Symbol.asyncIterator]();
  const next = () =>
    messages.next().catch((error) => {
      throw serviceErrorOfRpc(error, "the trace-writer");
    });
  return { next, [Symbol.dispose]: () => stream.destroy() };
}

const write = (running: Running, ...numbers: readonly number[]) => {
  const records = numbers.map((n) => record({ n, caller: { trace: traceId(n), span: spanId(1) } }));
  return call((done) => running.writer.writeInvocations({ records }, done));
};

test("a tail tells of traces as they come, and one that goes on where another ended misses none", async () => {
  await using running = await startRunning();
  await write(running, 1);
  let token = "";
  {
    using tail = follow(running, ALL);
    expect((await tail.next()).value.traces).toEqual([]);
    await write(running, 2);
    const { value } = await tail.next();
    expect(value.traces).toMatchObject([{ traceId: `tr-${traceId(2)}`, linkedTraceIds: [`tr-${idsOf(2).full}`] }]);
    token = value.resumeToken;
  }
  await write(running, 3, 4);
  using tail = follow(running, { ...ALL, resumeToken: token });
  const { value } = await tail.next();
  expect(value.traces).toMatchObject([{ traceId: `tr-${traceId(3)}` }, { traceId: `tr-${traceId(4)}` }]);
  using other = follow(running, { ...ALL, filter: "status = 'OK'", resumeToken: token });
  await expect(other.next()).rejects.toMatchObject({ kind: "invalid_request", field: "resume_token" });
  using wrong = follow(running, { ...ALL, filter: "status" });
  await expect(wrong.next()).rejects.toMatchObject({ kind: "invalid_request", field: "filter" });
});

test("a tail ends well when it has lasted as long as it may, so that its key is asked for again", async () => {
  await using running = await startRunning(undefined, "{ tailMs: 300 }");
  using tail = follow(running, ALL);
  const { value } = await tail.next();
  expect((await tail.next()).done).toBe(true);
  await write(running, 5);
  using next = follow(running, { ...ALL, resumeToken: value.resumeToken });
  expect((await next.next()).value.traces).toMatchObject([{ traceId: `tr-${traceId(5)}` }]);
});

test("a tail ends when the trace-writer drains, and does not hold it up", async () => {
  const directory = newDirectory();
  let token = "";
  {
    await using running = await startRunning(directory);
    using tail = follow(running, ALL);
    token = (await tail.next()).value.resumeToken;
    await write(running, 1);
    const start = performance.now();
    const drained = running[Symbol.asyncDispose]();
    for (let end = false; !end; ) end = (await tail.next()).done === true;
    await drained;
    expect(performance.now() - start).toBeLessThan(4000);
  }
  await using again = await startRunning(directory);
  using tail = follow(again, { ...ALL, resumeToken: token });
  expect((await tail.next()).value.traces).toMatchObject([{ traceId: `tr-${traceId(1)}` }]);
});

test("more tails than may be followed at once are told so", async () => {
  await using running = await startRunning();
  using tails = new DisposableStack();
  for (let n = 0; n < 100; n += 1) await tails.use(follow(running, ALL)).next();
  await expect(tails.use(follow(running, ALL)).next()).rejects.toMatchObject({ kind: "overloaded" });
});
