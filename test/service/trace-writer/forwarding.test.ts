import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { traceNameOf } from "#lib/ids.ts";
import { ServiceError } from "#lib/service-error.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { until } from "../../../tools/until.ts";
import { startGrpcReceiver, startHttpReceiver } from "../../neighbours/otlp-receiver.ts";
import { attributeOf } from "../../traces/stored-traces.ts";
import { forwarding, idsIn, mirrored, mirrorIds, spansThere, write } from "./forwarding-run.ts";
import { call, metadataOf } from "./running.ts";
import { CANARY, idsOf, payload, record, resourceSpans, span, spanId, traceId } from "./sample-traces.ts";
import { textOf } from "./writing.ts";

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
