import { afterAll, beforeAll, expect, test } from "vitest";
import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { Trace, TraceView } from "#proto/twinspan/trace/v1/trace.ts";
import { type Caller, newCaller } from "../helpers/caller.ts";
import { canariesAmong, newCanary, textOf } from "../helpers/canaries.ts";
import { type ChatAnswer, chat } from "../helpers/chat.ts";
import { createGatewayClient } from "../helpers/gateway-client.ts";
import { mlflowTraceText } from "../helpers/mlflow-reads.ts";
import { type Stack, startStack } from "../helpers/stack.ts";
import { untilShipped } from "../helpers/twins.ts";

/** Planted in every request's body. */
const ASKED = {
  system: newCanary(),
  prompt: newCanary(),
  toolDescription: newCanary(),
  toolArguments: newCanary(),
  toolResult: newCanary(),
  image: newCanary(),
  stop: newCanary(),
};
/** Planted in what providers say. Each is said by the model of its name. */
const ANSWERED = {
  answer: newCanary(),
  "tool-call": newCanary(),
  "error-400": newCanary(),
  "error-401": newCanary(),
  "error-429": newCanary(),
  "error-500": newCanary(),
  "error-in-stream": newCanary(),
  garbage: newCanary(),
};
/** Planted in headers. They are nobody's business at all. */
const HEADERS = {
  authorization: `Bearer ${newCanary()}`,
  "x-api-key": newCanary(),
  "api-key": newCanary(),
  cookie: `session=${newCanary()}`,
  "proxy-authorization": `Basic ${newCanary()}`,
  "openai-organization": newCanary(),
  "x-anything-else": newCanary(),
};
const SECRETS = [...Object.values(HEADERS).map((value) => value.split(/[ =]/).at(-1) ?? ""), "canary-provider-key"];

type Model = keyof typeof ANSWERED;
const MODELS: readonly Model[] = [
  "answer",
  "tool-call",
  "error-400",
  "error-401",
  "error-429",
  "error-500",
  "error-in-stream",
  "garbage",
];
/** What they say only a stream can say. */
const SAID_IN_STREAMS: ReadonlySet<Model> = new Set(["error-in-stream", "garbage"]);
const BODY = {
  messages: [
    { role: "system", content: ASKED.system },
    { role: "user", content: "call the tool" },
    {
      role: "assistant",
      content: null,
      tool_calls: [
        { id: "call_1", type: "function", function: { name: "look", arguments: `{"a":"${ASKED.toolArguments}"}` } },
      ],
    },
    { role: "tool", tool_call_id: "call_1", content: ASKED.toolResult },
    {
      role: "user",
      content: [
        { type: "text", text: ASKED.prompt },
        { type: "image_url", image_url: { url: `data:image/png;base64,${ASKED.image}` } },
      ],
    },
  ],
  tools: [{ type: "function", function: { name: "look", description: ASKED.toolDescription, parameters: {} } }],
  stop: [ASKED.stop],
};

/** A call that was made, and by whom. */
interface Made {
  readonly model: Model;
  readonly caller: Caller;
  readonly traceName: string;
}

let stack: Stack;
/** Every header, piece of metadata, trailer and gRPC error that a client saw. */
const seenBesideBodies: string[] = [];
const made: Made[] = [];

beforeAll(async () => {
  const errorBody = (model: Model) => JSON.stringify({ error: { message: ANSWERED[model], type: "t", code: "c" } });
  const begun =
    '{"id":"chatcmpl-1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"so far"}}]}';
  stack = await startStack({
    models: MODELS,
    behaviours: {
      answer: { answer: `the answer is ${ANSWERED.answer}` },
      "tool-call": { toolCall: { name: "look", arguments: JSON.stringify({ at: ANSWERED["tool-call"] }) } },
      "error-400": { status: 400, body: errorBody("error-400") },
      "error-401": { status: 401, body: errorBody("error-401") },
      "error-429": { status: 429, body: errorBody("error-429") },
      "error-500": { status: 500, body: errorBody("error-500") },
      "error-in-stream": {
        contentType: "text/event-stream",
        body: `data: ${begun}\n\ndata: ${errorBody("error-in-stream")}\n\n`,
      },
      garbage: { contentType: "text/event-stream", body: `data: ${begun}\n\ndata: {"${ANSWERED.garbage}\n\n` },
    },
    providers: { scripted: { apiKey: "canary-provider-key" } },
  });
  using client = createGatewayClient(stack.gatewayAddress);
  for (const model of MODELS) {
    for (const stream of SAID_IN_STREAMS.has(model) ? [true] : [false, true]) {
      await callOverHttp(model, stream);
      await callOverGrpc(client, model, stream);
    }
  }
  await untilShipped(stack);
});
afterAll(() => stack[Symbol.asyncDispose]());

test("every canary of a call is in its full trace", async () => {
  for (const { model, traceName } of made) {
    const trace = await stack.stored.get(traceName);
    const text = Buffer.from(Trace.encode(trace).finish()).toString("latin1");
    expect(missingIn(text, Object.values(ASKED)), `${model} ${traceName}`).toEqual([]);
    // What is no event is nobody's answer: of a stream of garbage the full trace keeps what came before it.
    if (model !== "garbage") expect(text, `${model} ${traceName}`).toContain(ANSWERED[model]);
  }
});

test("no canary is in any caller's trace, in whatever form it is read", async () => {
  for (const { caller } of made) {
    for (const view of [TraceView.TRACE_VIEW_FULL, TraceView.TRACE_VIEW_BASIC]) {
      const trace = await stack.stored.get(caller.traceId, view);
      expect(canariesIn(Buffer.from(Trace.encode(trace).finish()).toString("latin1"))).toEqual([]);
      const otlp = ExportTraceServiceRequest.encode({ resourceSpans: trace.resourceSpans }).finish();
      expect(canariesIn(Buffer.from(otlp).toString("latin1"))).toEqual([]);
    }
    expect(canariesIn(await mlflowTraceText(stack.url, caller.traceId))).toEqual([]);
  }
  const listed = await stack.stored.pending();
  expect(listed.length).toBe(made.length);
  expect(canariesIn(textOf(listed))).toEqual([]);
});

test("a full trace read without its payload has none", async () => {
  for (const { traceName } of made) {
    const trace = await stack.stored.get(traceName, TraceView.TRACE_VIEW_BASIC);
    expect(canariesIn(textOf(trace))).toEqual([]);
  }
});

test("no canary is in any header, metadata, trailer or error of gRPC that a client saw", () => {
  expect(seenBesideBodies.length).toBe(made.length);
  expect(canariesIn(seenBesideBodies.join("\n"))).toEqual([]);
});

test("no canary is in any line that a process wrote, nor in any metric", async () => {
  for (const service of [stack.ingress, stack.gateway, stack.traceWriter]) {
    expect(service.output).toContain('"msg":"ready"');
    expect(canariesIn(service.output), service.name).toEqual([]);
    expect(canariesIn(await service.metrics()), service.name).toEqual([]);
  }
});

test("what stood in headers is not even in the full traces, and never went to a provider", async () => {
  for (const { traceName } of made) {
    const text = textOf(await stack.stored.get(traceName));
    expect(SECRETS.filter((secret) => text.includes(secret))).toEqual([]);
  }
  for (const { headers, body } of stack.provider.requests) {
    expect(headers.authorization).toBe("Bearer canary-provider-key");
    const others = JSON.stringify({ ...headers, authorization: "", body });
    expect(SECRETS.filter((secret) => others.includes(secret))).toEqual([]);
  }
});

test("a request that cannot be read is told of without a word of it, and not recorded", async () => {
  const secret = newCanary();
  const caller = newCaller();
  for (const body of [`{"model":"answer","messages":[${secret}`, `{"model":"answer","stream":"${secret}"}`, secret]) {
    const answer = await fetch(`${stack.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", traceparent: caller.traceparent },
      body,
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toContain(secret);
  }
  await untilShipped(stack);
  for (const id of await stack.stored.allIds()) expect(textOf(await stack.stored.get(id))).not.toContain(secret);
  const outputs = [stack.ingress, stack.gateway, stack.traceWriter].map(({ output }) => output);
  expect(outputs.join("")).not.toContain(secret);
});

async function callOverHttp(model: Model, stream: boolean): Promise<void> {
  const caller = newCaller();
  const headers = { ...HEADERS, traceparent: caller.traceparent };
  const answer: ChatAnswer = await chat(stack.url, { model, stream, headers, body: BODY });
  seenBesideBodies.push(JSON.stringify(answer.headers));
  // A provider's words about our own credentials are not for callers.
  if (model === "error-401") expect(answer.body).not.toContain(ANSWERED[model]);
  made.push({ model, caller, traceName: answer.traceName ?? "" });
}

async function callOverGrpc(
  client: ReturnType<typeof createGatewayClient>,
  model: Model,
  stream: boolean,
): Promise<void> {
  const caller = newCaller();
  const headers = Object.entries({ ...HEADERS, traceparent: caller.traceparent });
  const told = await client[stream ? "stream" : "invoke"]({ model, stream, headers, also: BODY });
  const { metadata, trailers, error } = told;
  seenBesideBodies.push(textOf([metadata.getMap(), trailers.getMap(), error?.details, error?.message]));
  made.push({ model, caller, traceName: String(metadata.get("x-twinspan-trace-id")[0]) });
}

function missingIn(text: string, canaries: readonly string[]): readonly string[] {
  return canaries.filter((one) => !text.includes(one));
}

function canariesIn(text: string): readonly string[] {
  return canariesAmong([...Object.values(ASKED), ...Object.values(ANSWERED), ...SECRETS], text);
}
