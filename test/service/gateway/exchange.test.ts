import { Metadata, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rpcFailureOfStatus, serviceErrorOfRpc } from "#lib/rpc/status-details.ts";
import type { EndFrame } from "#proto/twinspan/gateway/v1/exchange.ts";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { until } from "../../../tools/until.ts";
import { bodyOf } from "../../callers/gateway-client.ts";
import { keyFor } from "../../system/keyed-services.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { viewOf } from "../../traces/record-view.ts";
import { type ExchangeStream, openExchange, openFrame } from "./exchange-stream.ts";

const CREDIT_BYTES = 262_144;
const FRAME_BYTES_MAX = 65_536;
const ANSWER_BYTES = 1_000_000;

let run: GatewayRun;
beforeAll(async () => {
  run = await startGatewayRun({
    endpoints: {
      echo: {},
      large: { behaviour: { answerBytes: ANSWER_BYTES } },
      silent: { behaviour: { stallBeforeHead: true } },
    },
    limits: { requestBytesMax: 500_000 },
  });
});
afterAll(() => run[Symbol.asyncDispose]());

test("invocations of one stream are answered and recorded each for itself, in its own caller's trace", async () => {
  using stream = await openExchange(run.gateway.address);
  const callers = Array.from({ length: 20 }, (_, index) => `${(index + 1).toString(16).padStart(32, "a")}`);
  stream.send(
    ...callers.map((traceId, index) =>
      openFrame(index + 1, "echo", {
        metadata: [{ name: "traceparent", value: `00-${traceId}-${"b".repeat(16)}-01` }],
      }),
    ),
  );
  for (const [index, traceId] of callers.entries()) {
    const id = index + 1;
    const { status, trailers } = await stream.ended(id);
    expect(status).toBeUndefined();
    expect(stream.answer(id).toString()).toContain("what is a twin span?");
    const traceName = `tr-${traceIdOf(stream, id)}`;
    expect(trailers).toContainEqual({ name: "x-twinspan-trace-id", value: traceName });
    const record = await run.record(traceIdOf(stream, id));
    expect(record.mirror?.traceId.toString("hex")).toBe(traceId);
  }
});

test("frames that are ready together share messages", async () => {
  using stream = await openExchange(run.gateway.address);
  stream.send(...Array.from({ length: 100 }, (_, index) => openFrame(index + 1, "nowhere")));
  for (let id = 1; id <= 100; id += 1) {
    const { status: ended } = await stream.ended(id);
    expect(kindOf(ended)).toBe("not_found");
  }
  expect(Math.max(...stream.messages)).toBeGreaterThan(1);
  expect(stream.messages.length).toBeLessThan(100);
});

test("a body comes in frames, as far as there is credit for it", async () => {
  using stream = await openExchange(run.gateway.address);
  const body = bodyOf({ model: "echo", text: "t".repeat(400_000) });
  const invocation = invocationWith(body.subarray(0, FRAME_BYTES_MAX));
  stream.send(openFrame(1, "echo", { invocation, isWhole: false }));
  let sent = FRAME_BYTES_MAX;
  const credit = () => CREDIT_BYTES + stream.frames(1, "credit").reduce((sum, { value }) => sum + value, 0);
  while (sent < body.length) {
    const to = Math.min(body.length, sent + FRAME_BYTES_MAX);
    await until("there is credit", () => credit() >= to);
    stream.send({ id: 1, frame: { $case: "body", value: body.subarray(sent, to) } });
    sent = to;
  }
  stream.send({ id: 1, frame: { $case: "end", value: {} } });
  await until("all of what there is credit for has come", () => {
    const come = stream.answer(1).length;
    if (come === CREDIT_BYTES) stream.send({ id: 1, frame: { $case: "credit", value: ANSWER_BYTES } });
    return stream.frames(1, "end").length > 0;
  });
  expect(run.provider.requests.at(-1)?.body).toHaveLength(body.length + ("echo-model".length - "echo".length));
});

test("an answer that nobody gives credit for waits, and stalls no other on its stream", async () => {
  using stream = await openExchange(run.gateway.address);
  stream.send(openFrame(1, "large"));
  await until("its credit is used up", () => stream.answer(1).length === CREDIT_BYTES);
  stream.send(openFrame(2, "echo"));
  expect((await stream.ended(2)).status).toBeUndefined();
  expect(stream.answer(1)).toHaveLength(CREDIT_BYTES);
  stream.send({ id: 1, frame: { $case: "credit", value: 2 * ANSWER_BYTES } });
  expect((await stream.ended(1)).status).toBeUndefined();
  const pieces = stream.frames(1, "piece").map(({ value }) => value);
  expect(Math.max(...pieces.map(({ chunk }) => chunk.length))).toBeLessThanOrEqual(FRAME_BYTES_MAX);
  expect(pieces.map(({ continues }) => continues)).toEqual(pieces.map((_, index) => index < pieces.length - 1));
  expect(pieces.flatMap(({ summary }, index) => (summary === undefined ? [] : [index]))).toEqual([pieces.length - 1]);
  expect(JSON.parse(stream.answer(1).toString()).choices[0].message.content).toHaveLength(ANSWER_BYTES);
});

test("a hang-up and a deadline end an invocation alone, and are told apart in its trace", async () => {
  using stream = await openExchange(run.gateway.address);
  stream.send(openFrame(1, "silent"), openFrame(2, "silent", { timeoutMillis: 300 }), openFrame(3, "echo"));
  stream.send(openFrame(4, "silent", { timeoutMillis: 60_000 }));
  expect((await stream.ended(3)).status).toBeUndefined();
  stream.send({ id: 1, frame: { $case: "cancel", value: { isDeadlineOver: false } } });
  stream.send({ id: 4, frame: { $case: "cancel", value: { isDeadlineOver: true } } });
  expect(kindOf((await stream.ended(1)).status)).toBe("cancelled");
  expect(kindOf((await stream.ended(2)).status)).toBe("deadline_exceeded");
  expect(kindOf((await stream.ended(4)).status)).toBe("deadline_exceeded");
  const records = await Promise.all([1, 2, 3, 4].map((id) => run.record(traceIdOf(stream, id))));
  const errors = records.map((record) => viewOf(record).root.errorType);
  expect(errors).toEqual(["cancelled", "deadline_exceeded", undefined, "deadline_exceeded"]);
});

test("what is wrong with an invocation is told in rich details, and only of that one", async () => {
  using stream = await openExchange(run.gateway.address);
  stream.send(
    openFrame(1, "echo", { metadata: [{ name: "not a name", value: "" }] }),
    openFrame(2, "echo", { invocation: undefined }),
    openFrame(3, "echo", { metadata: Array.from({ length: 129 }, () => ({ name: "x", value: "y" })) }),
    openFrame(4, "echo", { invocation: invocationWith(Buffer.alloc(FRAME_BYTES_MAX + 1)) }),
    openFrame(5, "echo"),
  );
  for (const id of [1, 2, 3, 4]) {
    const { status: ended } = await stream.ended(id);
    expect(ended?.code).toBe(status.INVALID_ARGUMENT);
    expect(kindOf(ended)).toBe("invalid_request");
  }
  expect((await stream.ended(5)).status).toBeUndefined();
});

test("a body beyond the limit is refused before it is whole", async () => {
  using stream = await openExchange(run.gateway.address);
  stream.send(openFrame(1, "echo", { invocation: invocationWith(Buffer.alloc(0)), isWhole: false }));
  const part = Buffer.alloc(FRAME_BYTES_MAX);
  for (let sent = 0; sent < 500_000; sent += part.length) {
    const given = () => CREDIT_BYTES + stream.frames(1, "credit").reduce((sum, { value }) => sum + value, 0);
    await until("there is credit", () => given() >= sent + part.length);
    stream.send({ id: 1, frame: { $case: "body", value: part } });
  }
  expect(kindOf((await stream.ended(1)).status)).toBe("request_too_large");
});

test("a caller that numbers invocations otherwise than from 1 up loses its stream", async () => {
  using stream = await openExchange(run.gateway.address);
  stream.send(openFrame(7, "echo"));
  await stream.ended(7);
  stream.send(openFrame(7, "echo"));
  await until("the stream is broken", () => stream.error !== undefined);
  expect(stream.error?.code).toBe(status.INVALID_ARGUMENT);
});

test("a caller that reads nothing of what it is answered loses its stream, before that fills the memory", async () => {
  using stream = await openExchange(run.gateway.address, FRAME_BYTES_MAX);
  stream.pause();
  const opened = 50_000;
  for (let id = 1; id <= opened; id += 2_000) {
    stream.send(
      ...Array.from({ length: 2_000 }, (_, index) => openFrame(id + index, "echo", { invocation: undefined })),
    );
  }
  await until("the gateway has given it up", async () => (await run.metrics()).get("twinspan_exchange_streams") === 0);
  stream.resume();
  await until("the stream is broken", () => stream.error !== undefined);
  expect(stream.error?.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(stream.frames(opened, "end")).toEqual([]);
});

test("who calls is found out for each invocation, from its own metadata", async () => {
  const known = keyFor("known", ["invoke"]);
  await using keyed = await startGatewayRun({ endpoints: { echo: {} }, auth: { keys: [known.line] } });
  using stream = await openExchange(keyed.gateway.address);
  const metadata = [{ name: "x-twinspan-key", value: known.key }];
  stream.send(openFrame(1, "echo"), openFrame(2, "echo", { metadata }), openFrame(3, "echo"));
  expect(kindOf((await stream.ended(1)).status)).toBe("unauthenticated");
  expect((await stream.ended(2)).status).toBeUndefined();
  expect(kindOf((await stream.ended(3)).status)).toBe("unauthenticated");
  expect((await keyed.metrics()).get('twinspan_auth_refused_total{reason="missing"}')).toBe(2);
});

test("a stream carries a thousand invocations at once, and one more is told to come again", async () => {
  using stream = await openExchange(run.gateway.address);
  const waiting = Array.from({ length: 1_000 }, (_, index) => openFrame(index + 1, "echo", { isWhole: false }));
  stream.send(...waiting, openFrame(1_001, "echo"));
  expect(kindOf((await stream.ended(1_001)).status)).toBe("overloaded");
  stream.send({ id: 1, frame: { $case: "cancel", value: { isDeadlineOver: false } } });
  await stream.ended(1);
  stream.send(openFrame(1_002, "echo"));
  expect((await stream.ended(1_002)).status).toBeUndefined();
});

test("a gateway that ends says so on the stream, and serves what was opened before its caller heard", async () => {
  const drained = await startGatewayRun({
    endpoints: { slow: { behaviour: { chunks: 5, chunkDelayMs: 50 } } },
    gateway: { drainMs: 20_000 },
  });
  using stream = await openExchange(drained.gateway.address);
  stream.send(openFrame(1, "slow", {}, true));
  await until("it has begun", () => stream.answer(1).length > 0);
  const stopped = drained[Symbol.asyncDispose]();
  await until("it drains", () => stream.frames(0, "drain").length > 0);
  stream.send(openFrame(2, "slow", {}, true));
  stream.send({ id: 1, frame: { $case: "credit", value: 1 } });
  expect((await stream.ended(1)).status).toBeUndefined();
  expect((await stream.ended(2)).status).toBeUndefined();
  expect(stream.answer(2).toString()).toContain("[DONE]");
  stream.end();
  await until("the gateway has ended the stream", () => stream.hasEnded);
  await stopped;
});

/** The full trace of an invocation, as its head names it. */
function traceIdOf(stream: ExchangeStream, id: number): string {
  const [head] = stream.frames(id, "head");
  const name = head?.value.metadata.find(({ name }) => name === "x-twinspan-trace-id")?.value;
  return name?.slice("tr-".length) ?? "";
}

function invocationWith(body: Buffer) {
  return {
    dialect: Dialect.DIALECT_OPENAI_CHAT,
    endpoint: "",
    body,
    target: undefined,
    headers: [],
    credentials: [],
  };
}

function kindOf(ended: EndFrame["status"]): string | undefined {
  if (ended === undefined) return undefined;
  const failure = rpcFailureOfStatus(ended, new Metadata());
  return serviceErrorOfRpc(Object.assign(new Error(ended.message), failure), "the gateway").kind;
}
