import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type Config, configSchema } from "#lib/config/schema.ts";
import { createLogger } from "#lib/logger.ts";
import { startScriptedProvider } from "../../../examples/scripted-provider/scripted-provider.ts";
import { startGateway } from "../../../services/gateway/server.ts";
import { type Ingress, startIngress } from "../../../services/ingress/server.ts";
import { startTraceWriter } from "../../../services/trace-writer/server.ts";
import { until } from "../../../tools/until.ts";
import { TRANSPORT } from "../../system/transport-under-test.ts";

const AGENT_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const AGENT_SPAN = "00f067aa0ba902b7";
const log = createLogger("ingress", "silent");

const stack = new AsyncDisposableStack();
let ingress: Ingress;
let openai: OpenAI;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "twinspan-ingress-"));
  stack.defer(() => rm(directory, { recursive: true }));
  const provider = stack.use(await startScriptedProvider({ listen: "127.0.0.1:0" }));
  const writer = stack.use(await startTraceWriter(configOf({ directory }), { log }));
  const gateway = stack.use(
    await startGateway(configOf({ directory, traceWriter: writer.address, provider: provider.url }), { log }),
  );
  ingress = stack.use(
    await startIngress(configOf({ directory, traceWriter: writer.address, gateway: gateway.address }), { log }),
  );
  openai = new OpenAI({ baseURL: `${ingress.url}/v1`, apiKey: "any", maxRetries: 0 });
});
afterAll(() => stack.disposeAsync());

interface Places {
  readonly directory: string;
  readonly traceWriter?: string;
  readonly gateway?: string;
  readonly provider?: string;
}

function configOf({ directory, traceWriter, gateway, provider }: Places): Config {
  return configSchema.parse({
    ingress: {
      listen: "127.0.0.1:0",
      gateway: { target: gateway, transport: TRANSPORT },
      traceWriter,
    },
    gateway: { listen: "127.0.0.1:0", ops: "127.0.0.1:0", traceWriter, outbox: { path: join(directory, "outbox.db") } },
    traceWriter: {
      listen: "127.0.0.1:0",
      ops: "127.0.0.1:0",
      store: { sqlite: { path: join(directory, "traces.db") } },
    },
    providers: provider === undefined ? {} : { scripted: { baseUrl: provider, allowAddresses: ["127.0.0.1"] } },
    endpoints:
      provider === undefined
        ? []
        : ["echo-1", "status-429", "cut-after-2", "stall-after-2"].map((model) => ({
            name: model,
            models: [{ provider: "scripted", model }],
          })),
  });
}

const ASK = { model: "echo-1", messages: [{ role: "user" as const, content: "What is a twin span?" }] };

const read = z.object({
  trace: z.object({
    trace_info: z.object({ state: z.string(), twinspan: z.object({ linked_trace_ids: z.array(z.string()) }) }),
    spans: z.array(z.object({ name: z.string(), span_id: z.string(), parent_span_id: z.string().optional() })),
  }),
});

/** A trace over HTTP, once it has at least so many spans. */
async function traceOf(name: string, spansMin: number): Promise<z.output<typeof read>["trace"]> {
  let found: z.output<typeof read>["trace"] | undefined;
  await until("the trace has its spans", async () => {
    const response = await fetch(`${ingress.url}/api/3.0/mlflow/traces/get?trace_id=${name}`);
    found = response.ok ? read.parse(await response.json()).trace : undefined;
    return (found?.spans.length ?? 0) >= spansMin;
  });
  if (found === undefined) throw new Error("no trace");
  return found;
}

test("a chat through all three services leaves twin traces that HTTP reads", async () => {
  const headers = { traceparent: `00-${AGENT_TRACE}-${AGENT_SPAN}-01`, "x-twinspan-experiment": "an agent" };
  const { data, response } = await openai.chat.completions.create(ASK, { headers }).withResponse();
  expect(data.choices[0]?.message.content).toBe("What is a twin span?");
  const name = response.headers.get("x-twinspan-trace-id") ?? "";
  expect(name).toMatch(/^tr-[0-9a-f]{32}$/);
  expect(response.headers.get("traceresponse")).toMatch(new RegExp(`^00-${name.slice(3)}-[0-9a-f]{16}-01$`));
  expect(response.headers.get("server-timing")).toMatch(/^traceparent;desc="[0-9a-f-]{55}", gateway;dur=/);
  expect(Number(response.headers.get("x-mlflow-gateway-duration-ms"))).toBeGreaterThan(0);

  const full = await traceOf(name, 2);
  expect(full.spans.map((span) => span.name)).toEqual(["gateway/echo-1", "model/scripted/echo-1"]);
  expect(full.trace_info.twinspan.linked_trace_ids).toEqual([`tr-${AGENT_TRACE}`]);
  const mirror = await traceOf(`tr-${AGENT_TRACE}`, 2);
  expect(mirror.spans[0]?.parent_span_id).toBe(Buffer.from(AGENT_SPAN, "hex").toString("base64"));
  expect(mirror.trace_info.twinspan.linked_trace_ids).toEqual([name]);
});

test("an agent's own span, as OTLP/JSON, joins the mirror's trace", async () => {
  const nanos = BigInt(Date.now()) * 1_000_000n;
  const span = {
    traceId: AGENT_TRACE,
    spanId: AGENT_SPAN,
    name: "answer a question",
    kind: 1,
    startTimeUnixNano: `${nanos - 10_000_000_000n}`,
    endTimeUnixNano: `${nanos}`,
  };
  const response = await fetch(`${ingress.url}/v1/traces`, {
    method: "POST",
    body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }),
    headers: { "content-type": "application/json", "x-twinspan-experiment": "an agent" },
  });
  expect([response.status, await response.text()]).toEqual([200, "{}"]);
  const { spans } = await traceOf(`tr-${AGENT_TRACE}`, 3);
  expect(spans.map(({ name }) => name)).toEqual(["answer a question", "gateway/echo-1", "model/scripted/echo-1"]);
});

test("a stream comes word by word, and names its trace", async () => {
  const { data, response } = await openai.chat.completions.create({ ...ASK, stream: true }).withResponse();
  let text = "";
  for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? "";
  expect(text).toBe("What is a twin span?");
  expect((await traceOf(response.headers.get("x-twinspan-trace-id") ?? "", 2)).trace_info.state).toBe("OK");
});

test("a provider's error, a cut stream and a hang-up leave traces with an error", async () => {
  const refused = await openai.chat.completions
    .create({ ...ASK, model: "status-429" })
    .catch((thrown: unknown) => thrown);
  expect(refused).toBeInstanceOf(OpenAI.RateLimitError);

  const cut = await openai.chat.completions.create({ ...ASK, model: "cut-after-2", stream: true }).withResponse();
  await expect(
    (async () => {
      for await (const _ of cut.data);
    })(),
  ).rejects.toThrow(OpenAI.APIError);
  expect((await traceOf(cut.response.headers.get("x-twinspan-trace-id") ?? "", 2)).trace_info.state).toBe("ERROR");

  const left = await openai.chat.completions.create({ ...ASK, model: "stall-after-2", stream: true }).withResponse();
  for await (const _ of left.data) left.data.controller.abort();
  expect((await traceOf(left.response.headers.get("x-twinspan-trace-id") ?? "", 2)).trace_info.state).toBe("ERROR");
});

test("an unknown endpoint is 404 model_not_found, without a trace", async () => {
  const error: unknown = await openai.chat.completions
    .create({ ...ASK, model: "none" })
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OpenAI.NotFoundError);
  expect(error).toMatchObject({ code: "model_not_found", type: "invalid_request_error", param: "model" });
  const response = await fetch(`${ingress.url}/v1/models/none`);
  expect(response.status).toBe(404);
});

test("all three are ready", async () => {
  const response = await fetch(`${ingress.url}/readyz`);
  expect(await response.json()).toEqual({ status: "ready", degraded: [] });
});
