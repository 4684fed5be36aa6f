import { Writable } from "node:stream";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { traceNameOf } from "#lib/ids.ts";
import { createLogger } from "#lib/logger.ts";
import { ServiceError } from "#lib/service-error.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { GetTraceResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { sumOfMetric } from "../../../tools/metrics-text.ts";
import { until } from "../../../tools/until.ts";
import { type OtlpReceiver, startGrpcReceiver, startHttpReceiver } from "../../neighbours/otlp-receiver.ts";
import { attributeOf } from "../../traces/stored-traces.ts";
import { call, metadataOf, newDirectory, type Running, startRunning } from "./running.ts";
import { CANARY, idsOf, payload, record, resourceSpans, span, spanId, traceId } from "./sample-traces.ts";
import { textOf } from "./writing.ts";

const READINESS = z.object({ degraded: z.array(z.string()) });
const QUICK = { retryMinMs: 5, retryMaxMs: 20, timeoutMs: 2000 };

interface Forwarded {
  readonly receiver: OtlpReceiver;
  readonly writer: Running;
  /** What the trace-writer has logged. */
  readonly log: () => string;
  metric(line: string): Promise<number>;
  degraded(): Promise<readonly string[]>;
}

/** A trace-writer that forwards to one receiver, named `there`, and what may be asked of the two. */
async function forwarding(
  stack: AsyncDisposableStack,
  start: () => Promise<OtlpReceiver>,
  settings: object = {},
  more: object = { mirrors: { forwardTo: ["there"] } },
): Promise<Forwarded> {
  const receiver = stack.use(await start());
  const protocol = start === startGrpcReceiver ? "grpc" : "http/protobuf";
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const destinations = { there: { url: receiver.url, protocol, ...QUICK, ...settings } };
  const log = createLogger("trace-writer", "debug", sink);
  const writer = stack.use(await startRunning(newDirectory(), "{}", { destinations, ...more }, log));
  return {
    receiver,
    writer,
    log: () => lines.join(""),
    metric: async (line) => sumOfMetric(await (await fetch(`http://${writer.opsAddress}/metrics`)).text(), line),
    degraded: async () => READINESS.parse(await (await fetch(`http://${writer.opsAddress}/readyz`)).json()).degraded,
  };
}

const write = ({ writer }: Running, ...records: InvocationRecord[]) =>
  call((done) => writer.writeInvocations({ records }, done));
const mirrored = (n: number) => record({ n, caller: { trace: traceId(n), span: spanId(1) } });
const idsIn = (spans: readonly Span[]) => spans.map(({ spanId: id }) => id.toString("hex"));
const mirrorIds = (n: number) => [idsOf(n).mirror, idsOf(n).mirrorAttempt(0)];
const spansThere = (receiver: OtlpReceiver, count: number) =>
  until(`${count} spans are there`, () => receiver.taken.length >= count && receiver.taken);

describe.each([
  ["HTTP", startHttpReceiver],
  ["gRPC", startGrpcReceiver],
] as const)("over %s", (way, start) => {
  const failing = (retryAfterMs?: number) =>
    way === "HTTP"
      ? { status: 503, headers: retryAfterMs === undefined ? {} : { "retry-after": String(retryAfterMs / 1000) } }
      : { error: new ServiceError("unavailable", "later", retryAfterMs === undefined ? {} : { retryAfterMs }) };
  const refusing = way === "HTTP" ? { status: 401 } : { error: { code: status.UNAUTHENTICATED } };
  const tooMuch = way === "HTTP" ? { status: 413 } : { error: { code: status.RESOURCE_EXHAUSTED } };

  test("a mirror is sent as it arrives, as spans of the caller's trace that lead to the full trace", async () => {
    await using stack = new AsyncDisposableStack();
    const { receiver, writer, metric } = await forwarding(stack, start, {
      headers: { authorization: "Bearer s3cret" },
    });
    await write(writer, mirrored(1));
    const [gateway, attempt] = await spansThere(receiver, 2);
    if (gateway === undefined || attempt === undefined) throw new Error("the spans are not there");
    expect([gateway.name, attempt.name]).toEqual(["gateway/demo", "model/scripted/echo-1"]);
    expect(gateway.traceId.toString("hex")).toBe(traceId(1));
    expect(gateway.parentSpanId.toString("hex")).toBe(spanId(1));
    expect(attributeOf(gateway, "mlflow.gateway.linkedTraceId")).toBe(traceNameOf(idsOf(1).full));
    expect(gateway.links.map((link) => [link.traceId.toString("hex"), link.spanId.toString("hex")])).toEqual([
      [idsOf(1).full, idsOf(1).root],
    ]);
    expect(attributeOf(attempt, "gen_ai.usage.input_tokens")).toBe(10n);
    expect(receiver.exports[0]?.headers["authorization"]).toBe("Bearer s3cret");
    expect(textOf(receiver.exports)).not.toContain(CANARY);
    await until("it is counted", async () => (await metric("twinspan_forward_spans_total")) === 2);
    expect(await metric("twinspan_forward_waiting")).toBe(0);
  });

  test("a destination that fails gets everything once it works, and is told as degraded until then", async () => {
    await using stack = new AsyncDisposableStack();
    const forwarded = await forwarding(stack, start);
    const { receiver, writer, metric, degraded, log } = forwarded;
    receiver.answer = () => failing();
    for (const n of [1, 2, 3]) await write(writer, mirrored(n));
    await until("it is tried again", async () => (await metric("twinspan_forward_retries_total")) >= 5);
    expect((await degraded()).join()).toMatch(/^forwarding to there: (HTTP 503|gRPC UNAVAILABLE)$/);
    expect(await metric("twinspan_forward_waiting")).toBe(3);
    receiver.answer = () => undefined;
    const spans = await spansThere(receiver, 6);
    expect(idsIn(spans).toSorted()).toEqual([1, 2, 3].flatMap(mirrorIds).toSorted());
    await until("all is well", async () => (await degraded()).length === 0);
    expect(log().match(/forwarding fails/g)).toHaveLength(1);
    expect(log().match(/forwarding works again/g)).toHaveLength(1);
  });

  test("a wait that the destination asks for is kept", async () => {
    await using stack = new AsyncDisposableStack();
    const { receiver, writer } = await forwarding(stack, start);
    receiver.answer = () => (receiver.exports.length === 1 ? failing(1000) : undefined);
    await write(writer, mirrored(1));
    await spansThere(receiver, 2);
    const [first, second] = receiver.exports;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(990);
  });

  test("what is refused is not sent again, but counted and told, in words of ours", async () => {
    await using stack = new AsyncDisposableStack();
    const { receiver, writer, metric, degraded, log } = await forwarding(stack, start, {
      headers: { authorization: "Bearer s3cret" },
    });
    receiver.answer = () => refusing;
    await write(writer, mirrored(1));
    const dropped = 'twinspan_forward_dropped_spans_total{destination="there",reason="refused"}';
    await until("it is counted", async () => (await metric(dropped)) === 2);
    expect((await degraded()).join()).toMatch(/spans are refused \((HTTP 401|gRPC UNAUTHENTICATED)\)/);
    receiver.answer = () => undefined;
    await write(writer, mirrored(2));
    expect(idsIn(await spansThere(receiver, 2))).toEqual(mirrorIds(2));
    expect(receiver.exports).toHaveLength(2);
    expect(log()).not.toMatch(/s3cret|own words/);
  });

  test("of a request that is too much all is taken that may be, in smaller ones", async () => {
    await using stack = new AsyncDisposableStack();
    const { receiver, writer, metric } = await forwarding(stack, start);
    const isBad = ({ spanId: id }: Span) => id.toString("hex") === idsOf(2).mirrorAttempt(0);
    receiver.answer = ({ request }) =>
      request.resourceSpans.some(({ scopeSpans }) => scopeSpans.some(({ spans }) => spans.some(isBad)))
        ? tooMuch
        : undefined;
    await write(writer, ...[1, 2, 3].map(mirrored));
    const spans = await spansThere(receiver, 5);
    const all = [1, 2, 3].flatMap(mirrorIds);
    expect(idsIn(spans).toSorted()).toEqual(all.filter((id) => id !== idsOf(2).mirrorAttempt(0)).toSorted());
    const dropped = 'twinspan_forward_dropped_spans_total{destination="there",reason="refused"}';
    await until("it is counted", async () => (await metric(dropped)) === 1);
  });

  test("spans that are rejected of a request that is taken are counted and not sent again", async () => {
    await using stack = new AsyncDisposableStack();
    const { receiver, writer, metric } = await forwarding(stack, start);
    receiver.answer = () => ({ rejectedSpans: 1 });
    await write(writer, mirrored(1));
    const dropped = 'twinspan_forward_dropped_spans_total{destination="there",reason="rejected"}';
    await until("it is counted", async () => (await metric(dropped)) === 1);
    expect(await metric("twinspan_forward_spans_total")).toBe(1);
    expect(await metric("twinspan_forward_waiting")).toBe(0);
    expect(receiver.exports).toHaveLength(1);
  });

  test("a request that is not answered in time is sent again", async () => {
    await using stack = new AsyncDisposableStack();
    const { receiver, writer } = await forwarding(stack, start, { timeoutMs: 200 });
    receiver.answer = () => (receiver.exports.length === 1 ? "never" : undefined);
    await write(writer, mirrored(1));
    expect(idsIn(await spansThere(receiver, 2))).toEqual(mirrorIds(1));
  });

  test("traces of an experiment go to its destinations: without payload, unless they may have it", async () => {
    for (const policy of ["none", "full"] as const) {
      await using stack = new AsyncDisposableStack();
      const experiments = [
        { name: "gateway/demo", forwardTo: ["there"] },
        { name: "agents", forwardTo: ["there"] },
      ];
      const { receiver, writer } = await forwarding(stack, start, { payload: policy }, { experiments });
      const payloads = [payload(idsOf(1).root), payload(idsOf(1).attempt(0), `failed: ${CANARY}`)];
      await write(writer, record({ n: 1, payloads, caller: { trace: traceId(1), span: spanId(1) } }));
      expect(idsIn(await spansThere(receiver, 2))).toEqual([idsOf(1).root, idsOf(1).attempt(0)]);
      const said = { "gen_ai.input.messages": `agent ${CANARY}` };
      const agent = span({ trace: traceId(1), span: spanId(1), end: 900, attributes: said });
      const request = { resourceSpans: [resourceSpans([agent])] };
      const experiment = metadataOf({ "x-twinspan-experiment": "agents" });
      await call((done) => writer.otlp.export(request, experiment, done));
      const adopted = (await spansThere(receiver, 5)).slice(2);
      expect(idsIn(adopted).toSorted()).toEqual([spanId(1), ...mirrorIds(1)].toSorted());
      expect(textOf(receiver.exports).includes(CANARY)).toBe(policy === "full");
      expect(textOf(adopted.filter(({ name }) => name !== agent.name))).not.toContain(CANARY);
      const [root] = receiver.taken;
      expect(root && attributeOf(root, "mlflow.spanInputs") !== undefined).toBe(policy === "full");
    }
  });
});

test("a destination that is down holds up no other, and its queue is bounded: the oldest is dropped", async () => {
  await using stack = new AsyncDisposableStack();
  const up = stack.use(await startHttpReceiver());
  const away = { ...QUICK, url: "http://127.0.0.1:1/v1/traces", queueMax: 2 };
  const { receiver, writer, metric, degraded } = await forwarding(
    stack,
    startHttpReceiver,
    {},
    {
      destinations: { up: { ...QUICK, url: up.url }, away },
      mirrors: { forwardTo: ["up", "away"] },
    },
  );
  expect(receiver.exports).toEqual([]);
  for (const n of [1, 2, 3, 4, 5]) await write(writer, mirrored(n));
  expect(idsIn(await spansThere(up, 10))).toEqual([1, 2, 3, 4, 5].flatMap(mirrorIds));
  const dropped = 'twinspan_forward_dropped_spans_total{destination="away",reason="queue_full"}';
  await until("it is cut", async () => (await metric(dropped)) === 6);
  expect(await metric('twinspan_forward_waiting{destination="away"}')).toBe(2);
  expect(await metric('twinspan_forward_oldest_age_seconds{destination="away"}')).toBeGreaterThan(0);
  expect((await degraded()).join()).toMatch(/^forwarding to away: no answer \(ECONNREFUSED\); its queue is full/);
});

test("redirects are not followed", async () => {
  await using stack = new AsyncDisposableStack();
  const elsewhere = stack.use(await startHttpReceiver());
  const { receiver, writer, metric } = await forwarding(stack, startHttpReceiver);
  receiver.answer = () => ({ status: 307, headers: { location: elsewhere.url } });
  await write(writer, mirrored(1));
  const dropped = 'twinspan_forward_dropped_spans_total{destination="there",reason="refused"}';
  await until("it is refused", async () => (await metric(dropped)) === 2);
  expect(elsewhere.exports).toEqual([]);
});

test("a large trace goes in several requests, none larger than it may be", async () => {
  await using stack = new AsyncDisposableStack();
  const experiments = [{ name: "large", forwardTo: ["there"] }];
  const settings = { batchBytesMax: 16 * 1024, compression: "none" };
  const { receiver, writer } = await forwarding(stack, startHttpReceiver, settings, { experiments });
  const spans = Array.from({ length: 200 }, (_, index) =>
    span({ trace: traceId(7), span: spanId(index + 1), attributes: { text: "x".repeat(500) } }),
  );
  const request = { resourceSpans: [resourceSpans(spans)] };
  await call((done) => writer.otlp.export(request, metadataOf({ "x-twinspan-experiment": "large" }), done));
  expect(idsIn(await spansThere(receiver, 200)).toSorted()).toEqual(idsIn(spans).toSorted());
  expect(receiver.exports.length).toBeGreaterThan(5);
  for (const { headers } of receiver.exports) expect(Number(headers["content-length"])).toBeLessThanOrEqual(16 * 1024);
});

test("what waited survives a restart, but for destinations that are gone", async () => {
  const directory = newDirectory();
  await using stack = new AsyncDisposableStack();
  const receiver = stack.use(await startHttpReceiver());
  const nowhere = { ...QUICK, url: "http://127.0.0.1:1/v1/traces" };
  const forwardTo = ["there", "gone"];
  {
    const destinations = { there: nowhere, gone: nowhere };
    await using writer = await startRunning(directory, "{}", { destinations, mirrors: { forwardTo } });
    await write(writer, mirrored(1));
  }
  const destinations = { there: { ...QUICK, url: receiver.url } };
  await using writer = await startRunning(directory, "{}", { destinations, mirrors: { forwardTo: ["there"] } });
  expect(idsIn(await spansThere(receiver, 2))).toEqual(mirrorIds(1));
  const text = await (await fetch(`http://${writer.opsAddress}/metrics`)).text();
  expect(sumOfMetric(text, 'twinspan_forward_dropped_spans_total{destination="",reason="unconfigured"}')).toBe(2);
});

test("a second twinspan as the collector: the mirror joins the agent's own trace there", async () => {
  await using stack = new AsyncDisposableStack();
  const there = stack.use(await startRunning());
  const destinations = { there: { url: `http://${there.address}`, protocol: "grpc", ...QUICK } };
  const here = stack.use(await startRunning(newDirectory(), "{}", { destinations, mirrors: { forwardTo: ["there"] } }));
  await write(here, mirrored(1));
  const agent = span({ trace: traceId(1), span: spanId(1), end: 900, name: "agent" });
  const request = { resourceSpans: [resourceSpans([agent])] };
  await call((done) => there.otlp.export(request, metadataOf({ "x-twinspan-experiment": "agents" }), done));
  const trace = await until("the mirror is there", async () => {
    const { trace: found } = await call<GetTraceResponse>((done) =>
      there.reader.getTrace({ traceId: traceId(1), view: 0 }, done),
    );
    return found?.info?.spanCount === 3 && found.info;
  });
  expect(trace.name).toBe("agent");
});
