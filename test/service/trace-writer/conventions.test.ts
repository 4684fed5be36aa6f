import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { configSchema } from "#lib/config/schema.ts";
import { createLogger } from "#lib/logger.ts";
import { attributesOf } from "#lib/spans/attributes.ts";
import type { ExportTraceServiceResponse } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { GetTraceResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import type { WriteInvocationsResponse } from "#proto/twinspan/trace/v1/trace_writer_service.ts";
import { type Ingress, startIngress } from "../../../services/ingress/server.ts";
import { RECORDED_SPANS } from "../../traces/recorded-spans.ts";
import { call, type Running, startRunning } from "./running.ts";
import { record, resourceSpans, span, spanId, traceId } from "./sample-traces.ts";
import { spansOf, textOf } from "./writing.ts";

const stack = new AsyncDisposableStack();
let running: Running;
let ingress: Ingress;
beforeAll(async () => {
  running = stack.use(await startRunning());
  const config = configSchema.parse({
    ingress: { listen: "127.0.0.1:0", gateway: "127.0.0.1:1", traceWriter: running.address },
  });
  ingress = stack.use(await startIngress(config, { log: createLogger("ingress", "silent") }));
});
afterAll(() => stack.disposeAsync());

const recorded = (by: string, sample: Parameters<typeof span>[0]): Span => {
  const attributes = RECORDED_SPANS.find((candidate) => candidate.by === by)?.attributes;
  if (attributes === undefined) throw new Error(`nothing is recorded by ${by}`);
  return { ...span(sample), attributes: attributesOf(attributes) };
};
const send = (spans: readonly Span[]) =>
  call<ExportTraceServiceResponse>((done) => running.otlp.export({ resourceSpans: [resourceSpans(spans)] }, done));
const getTrace = async (trace: string, view: 1 | 2 = 2) =>
  (await call<GetTraceResponse>((done) => running.reader.getTrace({ traceId: trace, view }, done))).trace;

const mlflowTrace = z.object({
  trace: z.object({
    spans: z.array(
      z.object({ name: z.string(), attributes: z.array(z.object({ key: z.string(), value: z.unknown() })) }),
    ),
  }),
});

async function readAsMlflow(trace: string) {
  const response = await fetch(`${ingress.url}/api/3.0/mlflow/traces/get?trace_id=tr-${trace}`);
  const { spans } = mlflowTrace.parse(await response.json()).trace;
  return spans.map(({ attributes }) => Object.fromEntries(attributes.map(({ key, value }) => [key, value])));
}

test("a trace of the AI SDK counts each call once, in any convention of its, and says whose it is", async () => {
  const trace = traceId(0xc01);
  await send([
    recorded("the AI SDK, what holds its model calls, with the sum of their tokens", {
      trace,
      span: spanId(1),
      end: 900,
    }),
    recorded("the AI SDK, a model call, its own names", { trace, span: spanId(2), parent: spanId(1) }),
    recorded("the AI SDK, a tool", { trace, span: spanId(3), parent: spanId(2) }),
    recorded("the AI SDK, an agent, with the sum of its calls' tokens", { trace, span: spanId(4), parent: spanId(1) }),
    recorded("the AI SDK, a model call, OpenTelemetry's names", { trace, span: spanId(5), parent: spanId(4) }),
  ]);
  const info = (await getTrace(trace))?.info;
  expect(info?.usage).toMatchObject({ inputTokens: 40n, outputTokens: 14n });
  expect(info?.metadata).toMatchObject({ "mlflow.trace.session": "s-1", "mlflow.trace.user": "u-1" });
  expect(info?.requestPreview).toBe('{"messages":[{"role":"user","content":"Weather?"}]}');
  expect(info?.responsePreview).toBe("Sunny.");
});

test.each([
  ["the AI SDK, a model call, its own names", "gpt-x"],
  ["OpenInference, a model call", "claude-x"],
  ["Traceloop, a model call", "gpt-x-2026"],
])("a call that %s wrote adds nothing to the mirror that is under it", async (by, model) => {
  const trace = traceId(0xc10 + by.length);
  const n = by.length;
  const mirrored = record({ n, caller: { trace, span: spanId(2) } });
  for (const attempt of mirrored.mirror?.spans.slice(1) ?? []) attempt.requestModel = model;
  await call<WriteInvocationsResponse>((done) => running.writer.writeInvocations({ records: [mirrored] }, done));
  await send([
    span({ trace, span: spanId(1), end: 900 }),
    recorded(by, { trace, span: spanId(2), parent: spanId(1), end: 800 }),
  ]);
  expect((await getTrace(trace))?.info?.usage).toMatchObject({ inputTokens: 10n, outputTokens: 5n });
});

test.each(RECORDED_SPANS)("a span of $by is stored as sent, and MLflow is shown what it means", async (sample) => {
  const trace = traceId(0xd00 + RECORDED_SPANS.indexOf(sample));
  const sent = recorded(sample.by, { trace, span: spanId(1) });
  await send([sent]);
  expect(spansOf(await getTrace(trace))).toEqual([sent]);
  const [shown = {}] = await readAsMlflow(trace);
  for (const { key } of sent.attributes) expect(shown).toHaveProperty([key]);
  if (sample.type !== undefined) expect(shown["mlflow.spanType"]).toEqual({ string_value: sample.type });
  expect("mlflow.spanInputs" in shown).toBe(sample.inputs !== undefined);
  expect("mlflow.spanOutputs" in shown).toBe(sample.outputs !== undefined);
  expect("mlflow.chat.tokenUsage" in shown).toBe(sample.isModelCall);
  if (sample.isModelCall) expect(shown).toHaveProperty(["mlflow.llm.model"]);
  if (sample.type === "TOOL") expect(shown["mlflow.spanFunctionName"]).toEqual({ string_value: "weather" });
});

test.each(RECORDED_SPANS)("what a span of $by holds of messages is not in a read without payload", async (sample) => {
  const trace = traceId(0xe00 + RECORDED_SPANS.indexOf(sample));
  await send([recorded(sample.by, { trace, span: spanId(1) })]);
  expect(textOf(await getTrace(trace, 1))).not.toMatch(/Weather\?|[Ss]unny|Bern|Hello|brief/);
});
