import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../tools/until.ts";
import { newCaller } from "../callers/caller.ts";
import { chat } from "../callers/chat.ts";
import type { ServiceProcess } from "../system/service-process.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { attributeOf, spansOf } from "../traces/stored-traces.ts";
import { expectTwins } from "../traces/twins.ts";

const MODELS = ["echo-1", "bytes-20000000"];

/** Few series come with the first event of a kind; those that come with each call are hundreds. */
const FIRST_SEEN = 10;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ models: MODELS });
});
afterAll(() => stack[Symbol.asyncDispose]());

const parts = () => [stack.ingress, stack.gateway, stack.traceWriter];
const seriesOf = async (service: ServiceProcess) =>
  (await service.metrics()).split("\n").filter((line) => line !== "" && !/^#|_bucket|nodejs_|process_/.test(line))
    .length;
const allSeries = async () => (await Promise.all(parts().map(seriesOf))).reduce((sum, count) => sum + count, 0);
const ask = (headers: Readonly<Record<string, string>>) => chat(stack.url, { model: "echo-1", headers });
/** Waits until every call so far is stored. */
const allShipped = () =>
  until("every call is stored", async () => {
    const [shipped, made] = await Promise.all(
      ["twinspan_outbox_shipped_total", "twinspan_calls_total"].map((name) => stack.gateway.metric(name)),
    );
    return shipped === made;
  });

test("callers who never read hold up nobody else, and leave their twins when they go", async () => {
  const deaf = await Promise.all(Array.from({ length: 20 }, () => askAndNeverRead("bytes-20000000")));
  await until("their answers have begun", async () => (await stack.gateway.metric("twinspan_calls_in_flight")) >= 20);
  const caller = newCaller();
  const answer = await ask({ traceparent: caller.traceparent });
  await expectTwins(stack, answer.traceName, caller, { endpoint: "echo-1" });
  for (const { socket } of deaf) socket.destroy();
  await until("they are gone", async () => (await stack.gateway.metric("twinspan_calls_in_flight")) === 0);
  for (const { caller: gone } of deaf) {
    const agent = await stack.stored.get(gone.traceId);
    expect(spansOf(agent).map((span) => attributeOf(span, "error.type"))).toEqual(["cancelled", "cancelled"]);
  }
}, 60_000);

test("contexts of every wrong kind, by the hundred, make no trace beside the calls', and no time series", async () => {
  await ask({ traceparent: "00-x" });
  await ask({ traceparent: newCaller().traceparent, tracestate: "a=1", baggage: "user.id=u" });
  await allShipped();
  const before = { ids: (await stack.stored.allIds()).size, series: await allSeries() };
  const { traceId, spanId } = newCaller();
  const wrong = (index: number): Readonly<Record<string, string>> => {
    const hostile = [
      { traceparent: `00-${"0".repeat(32)}-${spanId}-01` },
      { traceparent: `ff-${traceId}-${spanId}-01` },
      { traceparent: `00-${traceId.toUpperCase().replace(/\d/g, "A")}-${spanId}-01` },
      { traceparent: `00-${traceId}-${spanId}-01-${"9".repeat(8000)}` },
      { traceparent: `${index}`, tracestate: "x".repeat(10_000) },
      { traceparent: "", baggage: `session.id=${"%41".repeat(5_000)}` },
    ];
    return hostile[index % hostile.length] ?? {};
  };
  const CALLS = 300;
  const answers = await Promise.all(Array.from({ length: CALLS }, (_, index) => ask(wrong(index))));
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  await allShipped();
  expect((await stack.stored.allIds()).size).toBe(before.ids + CALLS);
  expect(await allSeries()).toBeLessThan(before.series + FIRST_SEEN);
}, 60_000);

test("names that callers coin, by the hundred, make no time series", async () => {
  const coined = (index: number) => ({
    traceparent: newCaller().traceparent,
    "x-twinspan-experiment": `coined-${index}`,
    "x-twinspan-session-id": `session-${index}`,
    "x-twinspan-user-id": `user-${index}`,
    "user-agent": `agent${index}/1.0`,
    baggage: `user.id=u${index}`,
    tracestate: `v${index}=1`,
  });
  await ask(coined(0));
  await allShipped();
  const before = await allSeries();
  const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => ask(coined(index + 1))));
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  await allShipped();
  expect(await allSeries()).toBeLessThan(before + FIRST_SEEN);
}, 60_000);

test("a caller that claims another call's span shares its trace, and neither call loses anything", async () => {
  const caller = newCaller();
  const answers = await Promise.all([1, 2, 3].map(() => ask({ traceparent: caller.traceparent })));
  await until("all three are there", async () => spansOf(await stack.stored.get(caller.traceId)).length === 6);
  const agent = await stack.stored.get(caller.traceId);
  expect(new Set(agent.info?.linkedTraceIds)).toEqual(new Set(answers.map(({ traceName }) => traceName)));
});

/** Asks for a stream, and leaves what comes where it is. */
async function askAndNeverRead(
  model: string,
): Promise<{ readonly socket: Socket; readonly caller: ReturnType<typeof newCaller> }> {
  const { hostname, port } = new URL(stack.url);
  const caller = newCaller();
  const socket = connect({ host: hostname, port: Number(port) });
  await once(socket, "connect");
  socket.pause();
  const body = JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "x" }] });
  const head = [
    "POST /v1/chat/completions HTTP/1.1",
    `host: ${hostname}`,
    "content-type: application/json",
    `content-length: ${body.length}`,
    `traceparent: ${caller.traceparent}`,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  return { socket, caller };
}
