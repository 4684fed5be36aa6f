import { afterAll, beforeAll, expect, test } from "vitest";
import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { Trace, TraceView } from "#proto/twinspan/trace/v1/trace.ts";
import { type Caller, newCaller } from "../callers/caller.ts";
import { createGatewayClient, type GatewayClient } from "../callers/gateway-client.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { canariesAmong, newCanary, textOf } from "../traces/canaries.ts";
import { mlflowTraceText } from "../traces/mlflow-reads.ts";
import { untilShipped } from "../traces/twins.ts";
import { chatOf, PLANTED_REQUESTS, type PlantedRequest } from "./planted-requests.ts";

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
  "x-goog-api-key": newCanary(),
  "chatgpt-account-id": newCanary(),
  "x-twinspan-key": newCanary(),
  "x-anything-else": newCanary(),
};
/** Planted where a Gemini caller may say its key. */
const IN_QUERY = newCanary();
/** What our own providers are paid with. */
const PROVIDER_KEYS = { scripted: newCanary(), claude: newCanary(), gpt: newCanary() };
const OF_CALLERS = [...Object.values(HEADERS).map((value) => value.split(/[ =]/).at(-1) ?? ""), IN_QUERY];
const SECRETS = [...OF_CALLERS, ...Object.values(PROVIDER_KEYS)];

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

/** A call that was made, and by whom. */
interface Made {
  /** Who called what, for people. */
  readonly name: string;
  readonly model: Model;
  /** What was planted in its request. */
  readonly asked: readonly string[];
  readonly caller: Caller;
  readonly traceName: string;
}

let stack: Stack;
/** Every header, piece of metadata, trailer and gRPC error that a client saw. */
const seenBesideBodies: string[] = [];
const made: Made[] = [];

beforeAll(async () => {
  const begun =
    '{"id":"chatcmpl-1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"so far"}}]}';
  const failing = (model: Model, status: number) => ({ [model]: { status, errorMessage: ANSWERED[model] } });
  stack = await startStack({
    models: MODELS,
    behaviours: {
      answer: { answer: `the answer is ${ANSWERED.answer}` },
      "tool-call": { toolCall: { name: "look", arguments: JSON.stringify({ at: ANSWERED["tool-call"] }) } },
      ...failing("error-400", 400),
      ...failing("error-401", 401),
      ...failing("error-429", 429),
      ...failing("error-500", 500),
      "error-in-stream": {
        contentType: "text/event-stream",
        body: `data: ${begun}\n\ndata: {"error":{"message":"${ANSWERED["error-in-stream"]}","type":"t"}}\n\n`,
      },
      garbage: { contentType: "text/event-stream", body: `data: ${begun}\n\ndata: {"${ANSWERED.garbage}\n\n` },
    },
    providers: {
      scripted: { apiKey: PROVIDER_KEYS.scripted },
      claude: (provider) => ({ kind: "anthropic", baseUrl: provider.at("anthropic"), apiKey: PROVIDER_KEYS.claude }),
      gpt: { apiKey: PROVIDER_KEYS.gpt },
    },
    endpoints: (["claude", "gpt"] as const).flatMap((provider) =>
      MODELS.map((model) => ({ name: `${provider}-${model}`, models: [{ provider, model }] })),
    ),
  });
  using client = createGatewayClient(stack.gatewayAddress);
  for (const model of MODELS) {
    const isForStreams = SAID_IN_STREAMS.has(model);
    for (const stream of isForStreams ? [true] : [false, true]) {
      await callOverGrpc(client, model, stream);
      const requests = PLANTED_REQUESTS.filter(({ dialect }) => !isForStreams || dialect === "openai chat");
      await Promise.all(requests.flatMap((request) => callsOverHttp(request, model, stream)));
    }
  }
  await untilShipped(stack);
});
afterAll(() => stack[Symbol.asyncDispose]());

test("every canary of a call is in its full trace", async () => {
  for (const { name, model, asked, traceName } of made) {
    const trace = await stack.stored.get(traceName);
    const text = Buffer.from(Trace.encode(trace).finish()).toString("latin1");
    expect(missingIn(text, asked), name).toEqual([]);
    // What is no event is nobody's answer: of a stream of garbage the full trace keeps what came before it.
    if (model !== "garbage") expect(text, name).toContain(ANSWERED[model]);
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
  expect(stack.provider.requests).toHaveLength(made.length);
  for (const { headers, body, path } of stack.provider.requests) {
    const key = headers["x-api-key"] ?? headers["x-goog-api-key"] ?? headers.authorization?.replace("Bearer ", "");
    expect(Object.values(PROVIDER_KEYS)).toContain(key);
    const sent = JSON.stringify([headers, body, path]);
    expect(SECRETS.filter((secret) => secret !== key && sent.includes(secret))).toEqual([]);
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

/** Asks who speaks the dialect, and who does not. */
function callsOverHttp(request: PlantedRequest, model: Model, stream: boolean): readonly Promise<void>[] {
  const { translatedFor } = request;
  const endpoints =
    translatedFor === undefined || SAID_IN_STREAMS.has(model) ? [model] : [model, `${translatedFor}-${model}`];
  return endpoints.map((endpoint) => callOverHttp(request, model, endpoint, stream));
}

async function callOverHttp(request: PlantedRequest, model: Model, endpoint: string, stream: boolean): Promise<void> {
  const caller = newCaller();
  const url = new URL(request.path(endpoint, stream), stack.url);
  if (request.dialect.startsWith("gemini")) url.searchParams.set("key", IN_QUERY);
  const answer = await fetch(url, {
    method: "POST",
    headers: { ...HEADERS, "content-type": "application/json", traceparent: caller.traceparent },
    body: JSON.stringify(request.body(endpoint, stream, ASKED)),
  });
  const body = await answer.text();
  const name = `${request.dialect} → ${endpoint}${stream ? ", stream" : ""}`;
  seenBesideBodies.push(JSON.stringify([...answer.headers]));
  // A provider's words about our own credentials are not for callers; all others are.
  if (model === "error-401") expect(body, name).not.toContain(ANSWERED[model]);
  else if (model !== "garbage") expect(body, name).toContain(ANSWERED[model]);
  const asked = Object.entries(ASKED).flatMap(([place, canary]) => (request.lacks.includes(place) ? [] : [canary]));
  made.push({ name, model, asked, caller, traceName: answer.headers.get("x-twinspan-trace-id") ?? "" });
}

async function callOverGrpc(client: GatewayClient, model: Model, stream: boolean): Promise<void> {
  const caller = newCaller();
  const headers = Object.entries({ ...HEADERS, traceparent: caller.traceparent });
  const told = await client[stream ? "stream" : "invoke"]({ model, stream, headers, also: chatOf(ASKED) });
  const { metadata, trailers, error } = told;
  seenBesideBodies.push(textOf([metadata.getMap(), trailers.getMap(), error?.details, error?.message]));
  const traceName = String(metadata.get("x-twinspan-trace-id")[0]);
  made.push({ name: `gRPC → ${model}`, model, asked: Object.values(ASKED), caller, traceName });
}

function missingIn(text: string, canaries: readonly string[]): readonly string[] {
  return canaries.filter((one) => !text.includes(one));
}

function canariesIn(text: string): readonly string[] {
  return canariesAmong([...Object.values(ASKED), ...Object.values(ANSWERED), ...SECRETS], text);
}
