import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configSchema } from "#lib/config/schema.ts";
import { createLogger } from "#lib/logger.ts";
import { type Span, Span_SpanKind as SpanKind } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { type ScriptedProvider, startScriptedProvider } from "../../examples/scripted-provider/scripted-provider.ts";
import { startGateway } from "../../services/gateway/server.ts";
import { startIngress } from "../../services/ingress/server.ts";
import { startTraceWriter } from "../../services/trace-writer/server.ts";
import { sumOfMetric } from "../../tools/metrics-text.ts";
import { until } from "../../tools/until.ts";
import { type Caller, newCaller } from "../callers/caller.ts";
import { chat } from "../callers/chat.ts";
import { type OtlpReceiver, startHttpReceiver } from "../neighbours/otlp-receiver.ts";
import { newCanary, textOf } from "../traces/canaries.ts";
import { attributeOf, spansOf, startStoredTraces } from "../traces/stored-traces.ts";

const ROUTE = "POST /v1/chat/completions";
const FAILING = "failing-1";
const canary = newCanary();

const owned = new AsyncDisposableStack();
let provider: ScriptedProvider;
let collector: OtlpReceiver;
let on: Services;
let off: Services;
beforeAll(async () => {
  const behaviours = { [FAILING]: { status: 422, errorMessage: `it said ${canary}` } };
  provider = owned.use(await startScriptedProvider({ listen: "127.0.0.1:0", behaviours }));
  collector = owned.use(await startHttpReceiver());
  const headers = { authorization: "Bearer collector" };
  on = await startServices({ traces: { endpoint: collector.url, headers, sampleRatio: 1, everyMs: 20 } });
  off = await startServices({});
});
afterAll(() => owned.disposeAsync());

type Services = Awaited<ReturnType<typeof startServices>>;

async function startServices(telemetry: object) {
  const directory = await mkdtemp(join(tmpdir(), "twinspan-own-traces-"));
  owned.defer(() => rm(directory, { recursive: true }));
  const log = createLogger("test", "silent");
  const listen = "127.0.0.1:0";
  const configOf = (gateway?: string, traceWriter?: string) =>
    configSchema.parse({
      telemetry,
      ingress: { listen, gateway, traceWriter },
      gateway: { listen, ops: listen, traceWriter, outbox: { path: join(directory, "outbox.db"), lingerMs: 1 } },
      traceWriter: { listen, ops: listen, store: { sqlite: { path: join(directory, "traces.db") } } },
      providers: { scripted: { baseUrl: provider.url, allowAddresses: ["127.0.0.0/8"], breaker: { enabled: false } } },
      endpoints: ["echo-1", FAILING].map((name) => ({ name, models: [{ provider: "scripted", model: name }] })),
    });
  const writer = owned.use(await startTraceWriter(configOf(), { log }));
  const gateway = owned.use(await startGateway(configOf(undefined, writer.address), { log }));
  const { url } = owned.use(await startIngress(configOf(gateway.address, writer.address), { log }));
  const stored = owned.use(startStoredTraces(writer.address));
  return { url, opsUrl: `http://${gateway.opsAddress}`, stored };
}

/** The own spans of the trace that links to a caller, once there are so many. */
async function ownSpansOf(caller: Caller, count: number): Promise<readonly Span[]> {
  return until(`${count} own spans`, () => {
    const linked = collector.taken.find(({ links }) =>
      links.some((link) => link.spanId.toString("hex") === caller.spanId),
    );
    const spans = collector.taken.filter(({ traceId }) => linked !== undefined && traceId.equals(linked.traceId));
    return spans.length >= count && spans;
  });
}

const parentsByName = (spans: readonly Span[]) =>
  Object.fromEntries(
    spans.map(({ name, parentSpanId }) => [name, spans.find(({ spanId }) => spanId.equals(parentSpanId))?.name]),
  );

test("a request is one own trace over the services, which links to its caller and hangs under nobody", async () => {
  const caller = newCaller();
  const answer = await chat(on.url, { model: "echo-1", headers: { traceparent: caller.traceparent } });
  const spans = await ownSpansOf(caller, 3);
  expect(parentsByName(spans)).toEqual({
    [ROUTE]: undefined,
    "call echo-1": ROUTE,
    "attempt scripted/echo-1": "call echo-1",
  });
  for (const span of spans) {
    expect(span.traceId.toString("hex")).not.toBe(caller.traceId);
    expect(span.parentSpanId.toString("hex")).not.toBe(caller.spanId);
  }
  const [request, call, attempt] = [ROUTE, "call echo-1", "attempt scripted/echo-1"].map((name) =>
    spans.find((span) => span.name === name),
  );
  expect(request?.links.map(({ traceId }) => traceId.toString("hex"))).toEqual([caller.traceId]);
  expect(request && attributeOf(request, "http.response.status_code")).toBe(200n);
  expect(call && attributeOf(call, "twinspan.trace_id")).toBe(answer.traceName);
  expect(attempt?.kind).toBe(SpanKind.SPAN_KIND_CLIENT);
  const resources = collector.exports.flatMap(({ request: { resourceSpans } }) => resourceSpans);
  const services = resources.flatMap(({ resource }) =>
    (resource?.attributes ?? []).filter(({ key }) => key === "service.name").map(({ value }) => value?.value),
  );
  expect(new Set(services.map((service) => service?.$case === "stringValue" && service.value))).toEqual(
    new Set(["twinspan-ingress", "twinspan-gateway", "twinspan-trace-writer"]),
  );
  expect(collector.exports.every(({ headers }) => headers["authorization"] === "Bearer collector")).toBe(true);
});

test("calls between services and commits have own spans, too; what a client sends as such is none", async () => {
  const forged = { "x-twinspan-own-trace": newCaller().traceparent };
  const caller = newCaller();
  const headers = { traceparent: caller.traceparent, ...forged };
  await (await fetch(`${on.url}/v1/models`, { headers })).arrayBuffer();
  const spans = await ownSpansOf(caller, 2);
  expect(parentsByName(spans)).toMatchObject({
    "GET /v1/models": undefined,
    "twinspan.gateway.v1.EndpointService/ListEndpoints": "GET /v1/models",
  });
  expect(textOf(spans)).not.toContain(forged["x-twinspan-own-trace"].slice(3, 35));
  await until("writes and commits", () =>
    ["twinspan.trace.v1.TraceWriterService/WriteInvocations", "commit"].every((wanted) =>
      collector.taken.some(({ name }) => name === wanted),
    ),
  );
});

test("a failure is told by its word: nothing that was said is in any own span", async () => {
  const caller = newCaller();
  const asked = { model: FAILING, content: canary, headers: { traceparent: caller.traceparent } };
  expect((await chat(on.url, asked)).body).toContain(canary);
  const spans = await ownSpansOf(caller, 3);
  const attempt = spans.find(({ name }) => name === `attempt scripted/${FAILING}`);
  expect(attempt && attributeOf(attempt, "error.type")).toBe("provider_rejected");
  expect(Buffer.from(textOf(collector.exports), "latin1").includes(canary)).toBe(false);
});

/** What is stored of a call and what the provider got, but for ids, times and addresses, which are never the same. */
async function writtenOf({ url, stored }: Services, model: string) {
  const caller = newCaller();
  const headers = { traceparent: caller.traceparent, tracestate: "vendor=1", baggage: "session.id=s" };
  const before = provider.requests.length;
  const { traceName = "" } = await chat(url, { model, headers });
  const [full, agent] = [await stored.get(traceName), await stored.get(caller.traceId)];
  const names = new Map<string, string>([
    [caller.traceId, "caller's trace"],
    [caller.spanId, "caller's span"],
  ]);
  const nameOf = (id: Buffer) => {
    const hex = id.toString("hex");
    if (!names.has(hex)) names.set(hex, `id ${names.size}`);
    return names.get(hex);
  };
  const spans = [full, agent].map((trace) =>
    spansOf(trace).map(({ name, kind, traceId, spanId, parentSpanId, attributes, status, traceState, links }) => ({
      ...{ name, kind, status, traceState, ids: [traceId, spanId, parentSpanId].map(nameOf) },
      attributes: attributes
        .map(({ key, value }) => `${key}=${textOf(value?.value).replace(caller.spanId, "the caller's span")}`)
        .filter((one) => !isOfItsOwn(one)),
      links: links.map((link) => [nameOf(link.traceId), nameOf(link.spanId), link.traceState]),
    })),
  );
  const { host: _, ...sent } = provider.requests[before]?.headers ?? {};
  return { spans, sent };
}

function isOfItsOwn(attribute: string): boolean {
  return /tr-[0-9a-f]{32}|127\.0\.0\.1|server\.port|_ms=|time_to_first|duration|chatcmpl/.test(attribute);
}

test.each(["echo-1", FAILING])(
  "both twins of %s, and what the provider is sent, are the same with own traces on and off",
  async (model) => {
    const written = await writtenOf(on, model);
    expect(written).toEqual(await writtenOf(off, model));
    expect(written.spans[1]?.[0]?.ids).toEqual(["caller's trace", expect.any(String), "caller's span"]);
  },
);

test("a collector that takes nothing costs no call, and is counted", async () => {
  const outcome = async (word: string) =>
    sumOfMetric(await (await fetch(`${on.opsUrl}/metrics`)).text(), `twinspan_own_spans_total{outcome="${word}"`);
  expect(await outcome("exported")).toBeGreaterThan(0);
  expect(await outcome("failed")).toBe(0);
  collector.answer = () => ({ status: 400 });
  expect((await chat(on.url, { model: "echo-1" })).status).toBe(200);
  await until("it is counted", async () => (await outcome("failed")) > 0);
});
