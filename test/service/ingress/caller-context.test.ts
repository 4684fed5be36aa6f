import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { answerPlainly } from "./chat-answers.ts";
import { type IngressRun, startIngressRun } from "./ingress-run.ts";
import { sendRawChat } from "./raw-http.ts";

const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID = "00f067aa0ba902b7";
const VALID = `00-${TRACE_ID}-${SPAN_ID}-01`;

let run: IngressRun;
beforeAll(async () => {
  run = await startIngressRun();
});
afterAll(() => run[Symbol.asyncDispose]());
beforeEach(() => {
  run.gateway.script = (call) => answerPlainly(call, "{}");
});

async function send(...headers: readonly string[]) {
  const answer = await sendRawChat(run.ingress.url, headers);
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  const call = run.gateway.calls.at(-1);
  if (call === undefined) throw new Error("the gateway was not called");
  return call;
}

test.each(["traceparent", "Traceparent", "TRACEPARENT", "tRaCePaReNt"])(
  "the context travels under the name %s",
  async (name) => {
    const { metadata, caller } = await send(
      `${name}: ${VALID}`,
      "TraceState: a=1",
      "tracestate: b=2",
      "baggage: session.id=s1,secret=x",
    );
    expect(metadata).toMatchObject({ traceparent: VALID, tracestate: "a=1,b=2", baggage: "session.id=s1" });
    expect(caller).toMatchObject({ traceId: TRACE_ID, spanId: SPAN_ID, flags: 1, traceState: "a=1,b=2" });
  },
);

test("an unsampled context and one of a later version travel too", async () => {
  expect((await send(`traceparent: 00-${TRACE_ID}-${SPAN_ID}-00`)).metadata["traceparent"]).toBe(
    `00-${TRACE_ID}-${SPAN_ID}-00`,
  );
  expect((await send(`traceparent: cc-${TRACE_ID}-${SPAN_ID}-01-what`)).metadata["traceparent"]).toBe(VALID);
});

test.each([
  ["empty", "traceparent: "],
  ["a word", "traceparent: nonsense"],
  ["version ff", `traceparent: ff-${TRACE_ID}-${SPAN_ID}-01`],
  ["no version", `traceparent: ${TRACE_ID}-${SPAN_ID}-01`],
  ["a version of one digit", `traceparent: 0-${TRACE_ID}-${SPAN_ID}-01`],
  ["a version that is not hex", `traceparent: 0x-${TRACE_ID}-${SPAN_ID}-01`],
  ["a trace id of zeros", `traceparent: 00-${"0".repeat(32)}-${SPAN_ID}-01`],
  ["a span id of zeros", `traceparent: 00-${TRACE_ID}-${"0".repeat(16)}-01`],
  ["capitals in the trace id", `traceparent: 00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`],
  ["capitals in the span id", `traceparent: 00-${TRACE_ID}-${SPAN_ID.toUpperCase()}-01`],
  ["a short trace id", `traceparent: 00-${TRACE_ID.slice(1)}-${SPAN_ID}-01`],
  ["a long trace id", `traceparent: 00-0${TRACE_ID}-${SPAN_ID}-01`],
  ["a short span id", `traceparent: 00-${TRACE_ID}-${SPAN_ID.slice(1)}-01`],
  ["no flags", `traceparent: 00-${TRACE_ID}-${SPAN_ID}`],
  ["flags of one digit", `traceparent: 00-${TRACE_ID}-${SPAN_ID}-1`],
  ["flags that are not hex", `traceparent: 00-${TRACE_ID}-${SPAN_ID}-zz`],
  ["something after version 00", `traceparent: ${VALID}-more`],
  ["underscores", `traceparent: 00_${TRACE_ID}_${SPAN_ID}_01`],
  ["a later version that goes on without a dash", `traceparent: cc-${TRACE_ID}-${SPAN_ID}-01.what`],
  ["bytes beyond ASCII", `traceparent: 00-${TRACE_ID.slice(1)}\u00e9-${SPAN_ID}-01`],
  ["a no-break space before it", `traceparent: \u00a0${VALID}`],
  ["two in one header", `traceparent: ${VALID}, ${VALID}`],
])("a malformed context (%s) is ignored, counted, and fails nothing", async (_what, header) => {
  const before = await run.metric('twinspan_trace_context_total{outcome="malformed"}');
  const { metadata, caller } = await send(header, "tracestate: a=1", "baggage: session.id=s1");
  expect(Object.keys(metadata)).not.toContain("traceparent");
  expect(Object.keys(metadata)).not.toContain("tracestate");
  expect(Object.keys(metadata)).not.toContain("baggage");
  expect(caller).toBeUndefined();
  expect(await run.metric('twinspan_trace_context_total{outcome="malformed"}')).toBe(before + 1);
});

test.each([
  ["the same twice", VALID, VALID],
  ["two that differ", VALID, `00-${TRACE_ID}-1111111111111111-01`],
])("two traceparent headers (%s) are no context", async (_what, first, second) => {
  const { metadata } = await send(`traceparent: ${first}`, `Traceparent: ${second}`);
  expect(Object.keys(metadata)).not.toContain("traceparent");
});

test("a context does not outlive its request on a connection that is kept", async () => {
  const chat = (headers: Record<string, string>) =>
    fetch(`${run.ingress.url}/v1/chat/completions`, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json", ...headers },
    }).then((response) => response.text());
  await chat({ traceparent: VALID });
  await chat({});
  expect(run.gateway.calls.at(-2)?.caller?.traceId).toBe(TRACE_ID);
  expect(run.gateway.calls.at(-1)?.caller).toBeUndefined();
});

test("the allow-listed headers go on as metadata, and no other", async () => {
  const { metadata } = await send(
    "Host: api.example.test:8443",
    "User-Agent: OpenAI/JS 7.57.0",
    "X-MLflow-Experiment-Id: 17",
    "X-TWINSPAN-EXPERIMENT: my agent",
    "x-twinspan-session-id: s-1",
    "x-twinspan-user-id: u-1",
    "x-mlflow-run-id: r-1",
    "x-mlflow-gateway-caller: judge",
    "x-request-id: req-1",
    "authorization: Bearer secret",
    "cookie: secret=1",
    "x-api-key: secret",
    "x-forwarded-host: forged.test",
    "x-forwarded-user-agent: forged",
    "grpc-timeout: 1S",
    "x-anything: secret",
  );
  const { "user-agent": transport, ...rest } = metadata;
  expect(transport).toMatch(/^grpc-node-js/);
  expect(rest).toEqual({
    "x-forwarded-host": "api.example.test:8443",
    "x-forwarded-user-agent": "OpenAI/JS 7.57.0",
    "x-mlflow-experiment-id": "17",
    "x-twinspan-experiment": "my agent",
    "x-twinspan-session-id": "s-1",
    "x-twinspan-user-id": "u-1",
    "x-mlflow-run-id": "r-1",
    "x-mlflow-gateway-caller": "judge",
    "x-request-id": "req-1",
  });
});

test("a value that is not printable ASCII is left out and counted", async () => {
  const line = 'twinspan_ingress_header_values_dropped_total{header="x-twinspan-user-id"}';
  const before = await run.metric(line);
  const { metadata } = await send("x-twinspan-user-id: J\u00fcrgen", "x-twinspan-session-id: fine");
  expect(metadata["x-twinspan-user-id"]).toBeUndefined();
  expect(metadata["x-twinspan-session-id"]).toBe("fine");
  expect(await run.metric(line)).toBe(before + 1);
});

test.each([
  ["with a space", ["x-request-id: a b"]],
  ["of 129 characters", [`x-request-id: ${"a".repeat(129)}`]],
  ["beyond ASCII", ["x-request-id: \u00e9"]],
  ["that came twice", ["x-request-id: a", "x-request-id: b"]],
  ["that is empty", ["x-request-id: "]],
])("a request id %s is replaced", async (_what, headers) => {
  const { metadata } = await send(...headers);
  expect(metadata["x-request-id"]).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
});
