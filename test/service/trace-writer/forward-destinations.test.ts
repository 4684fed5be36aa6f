import { expect, test } from "vitest";
import type { GetTraceResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { sumOfMetric } from "../../../tools/metrics-text.ts";
import { until } from "../../../tools/until.ts";
import { startHttpReceiver } from "../../neighbours/otlp-receiver.ts";
import { forwarding, idsIn, mirrored, mirrorIds, QUICK, spansThere, write } from "./forwarding-run.ts";
import { call, metadataOf, newDirectory, startRunning } from "./running.ts";
import { resourceSpans, span, spanId, traceId } from "./sample-traces.ts";

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
