import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { GetTraceRequest, GetTraceResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { until } from "../../tools/until.ts";
import { newCaller } from "../callers/caller.ts";
import { sendSpans } from "../callers/otlp-sender.ts";
import { type OtlpReceiver, startHttpReceiver } from "../neighbours/otlp-receiver.ts";
import { callRaw, keyFor } from "../system/keyed-services.ts";
import { type Stack, startStack } from "../system/stack.ts";

const KEYS = {
  gateway: keyFor("gateway", ["record"]),
  agents: keyFor("agents", ["invoke", "write-traces", "read-traces"], {
    workspace: "agents",
    mirrors: { forwardTo: ["theirs"] },
  }),
  neighbours: keyFor("neighbours", ["invoke"], { workspace: "agents" }),
  platform: keyFor("platform", ["read-payloads"], { workspace: "platform" }),
  outsider: keyFor("outsider", ["admin"]),
};
const CANARY = "what only the platform's team may read";

let stack: Stack;
/** Where the mirrors of a workspace go, and where those of one of its keys do. */
let shared: OtlpReceiver;
let theirs: OtlpReceiver;
beforeAll(async () => {
  [shared, theirs] = await Promise.all([startHttpReceiver(), startHttpReceiver()]);
  stack = await startStack({
    models: [],
    workspaces: [{ name: "agents", mirrors: { forwardTo: ["shared"] } }, { name: "platform" }],
    auth: { keys: Object.values(KEYS).map(({ line }) => line) },
    gateway: { traceWriterKey: KEYS.gateway.key },
    traceWriter: { destinations: { shared: { url: shared.url }, theirs: { url: theirs.url } } },
    endpoints: [
      {
        name: "assistant",
        workspace: "platform",
        sharedWith: ["agents"],
        models: [{ provider: "scripted", model: "echo-1" }],
      },
    ],
  });
  await until("the ingress has found the trace-writer", async () => {
    return (await (await fetch(`${stack.url}/readyz`)).text()).includes('"degraded":[]');
  });
});
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await Promise.all([shared, theirs].map((receiver) => receiver[Symbol.asyncDispose]()));
});

async function traceOf(key: string, traceId: string) {
  const path = "/twinspan.trace.v1.TraceReaderService/GetTrace";
  const request = GetTraceRequest.encode({ traceId, view: 0 }).finish();
  const { status, answer } = await callRaw(stack.traceWriterAddress, path, request, { "x-twinspan-key": key });
  return status === "OK"
    ? { trace: GetTraceResponse.decode(answer).trace, text: answer.toString("latin1") }
    : undefined;
}

const complete = (apiKey: string, headers: Readonly<Record<string, string>>) =>
  new OpenAI({ baseURL: `${stack.url}/v1`, apiKey, maxRetries: 0 }).chat.completions
    .create({ model: "assistant", messages: [{ role: "user", content: CANARY }] }, { headers })
    .withResponse();

test("over three processes an agent's mirror is its own workspace's, and the full trace the endpoint's", async () => {
  const caller = newCaller();
  const startNanos = BigInt(Date.now()) * 1_000_000n;
  const { data, response } = await complete(KEYS.agents.key, { traceparent: caller.traceparent });
  expect(data.choices[0]?.message.content).toBe(CANARY);
  const full = response.headers.get("x-twinspan-trace-id") ?? "";
  const agent = `tr-${caller.traceId}`;
  const span = {
    traceId: caller.traceId,
    spanId: caller.spanId,
    name: "an agent",
    startNanos,
    endNanos: startNanos + 1n,
  };
  for (const way of ["HTTP JSON", "gRPC"] as const) {
    expect(await sendSpans(stack, way, [span], { authorization: `Bearer ${KEYS.agents.key}` })).toBe(0n);
  }
  await until("the mirror has joined", async () => {
    return ((await traceOf(KEYS.agents.key, agent))?.trace?.info?.spanCount ?? 0) === 3;
  });
  const [seen, mirrored] = [await traceOf(KEYS.platform.key, full), await traceOf(KEYS.agents.key, agent)];
  expect(seen?.text).toContain(CANARY);
  expect(seen?.trace?.info?.metadata).toMatchObject({ "mlflow.auth.username": "agents" });
  expect(mirrored?.text).not.toContain(CANARY);
  expect(mirrored?.trace?.info?.linkedTraceIds).toEqual([full]);
  expect(await traceOf(KEYS.agents.key, full)).toBeUndefined();
  expect(await traceOf(KEYS.platform.key, agent)).toBeUndefined();
});

test("the mirrors of a key's calls go where the key says, and with those of its neighbours where their workspace says", async () => {
  const [one, other] = [newCaller(), newCaller()];
  await complete(KEYS.agents.key, { traceparent: one.traceparent });
  await complete(KEYS.neighbours.key, { traceparent: other.traceparent });
  const tracesAt = ({ taken }: OtlpReceiver) => new Set(taken.map(({ traceId }) => traceId.toString("hex")));
  await until("both are where all go", () => [one, other].every(({ traceId }) => tracesAt(shared).has(traceId)));
  await until("the key's is where its go", () => tracesAt(theirs).has(one.traceId));
  expect(tracesAt(theirs)).not.toContain(other.traceId);
  const sent = theirs.exports.map(({ request }) => Buffer.from(ExportTraceServiceRequest.encode(request).finish()));
  expect(Buffer.concat(sent).toString("latin1")).not.toContain(CANARY);
});

test("the mirrors of a key that is added while all run go where it says, without a restart", async () => {
  const text = readFileSync(stack.configFile, "utf8");
  const config = JSON.parse(text);
  const late = keyFor("latecomers", ["invoke"], { workspace: "agents", mirrors: { forwardTo: ["theirs"] } });
  replaceConfig(JSON.stringify({ ...config, auth: { keys: [...config.auth.keys, late.line] } }));
  // A trace-writer that has not looked yet forwards the first of them where the workspace says, and nowhere else.
  await until("its mirrors are where its go", async () => {
    const caller = newCaller();
    const taken = await complete(late.key, { traceparent: caller.traceparent }).catch(() => undefined);
    if (taken === undefined) return false;
    await until("the mirror is forwarded", () => hasTrace(shared, caller.traceId));
    return hasTrace(theirs, caller.traceId);
  });
  replaceConfig(text);
});

test("a workspace that is taken out leaves its traces to nobody, and has them as they were when it is put back", async () => {
  const { response } = await complete(KEYS.agents.key, { traceparent: newCaller().traceparent });
  const full = response.headers.get("x-twinspan-trace-id") ?? "";
  const before = await until("its trace is stored", () => traceOf(KEYS.platform.key, full));
  const text = readFileSync(stack.configFile, "utf8");
  const { auth, workspaces, ...rest } = JSON.parse(text);
  const isOther = ({ name }: { readonly name: string }) => name !== "platform";
  const without = { ...rest, auth: { keys: auth.keys.filter(isOther) }, workspaces: workspaces.filter(isOther) };
  replaceConfig(JSON.stringify({ ...without, endpoints: [] }));
  await until("nobody is of it any more", async () => (await traceOf(KEYS.platform.key, full)) === undefined);
  for (const { key } of [KEYS.outsider, KEYS.agents]) expect(await traceOf(key, full)).toBeUndefined();
  const left = 'twinspan_trace_writer_left_experiments{workspace="platform"}';
  await until("an operator is told", async () => (await stack.traceWriter.metric(left)) > 0);
  expect(stack.traceWriter.output).toContain('"workspaces":{"platform":1}');
  replaceConfig(text);
  const after = await until("it is there again", () => traceOf(KEYS.platform.key, full));
  await until("it is one of the others again", async () => (await stack.traceWriter.metric(left)) === 0);
  expect(after.text).toBe(before.text);
  await until("its endpoint is, too", async () =>
    complete(KEYS.agents.key, {}).then(
      () => true,
      () => false,
    ),
  );
});

function hasTrace({ taken }: OtlpReceiver, traceId: string): boolean {
  return taken.some((span) => span.traceId.toString("hex") === traceId);
}

/** Puts another configuration in the place of the services' own, all at once. */
function replaceConfig(text: string): void {
  writeFileSync(`${stack.configFile}.new`, text);
  renameSync(`${stack.configFile}.new`, stack.configFile);
}

test("a key that is taken out of the file is refused by all three soon, and what was let in goes on", async () => {
  const text = readFileSync(stack.configFile, "utf8");
  const config = JSON.parse(text);
  config.auth.keys = config.auth.keys.filter((line: { name: string }) => line.name !== "agents");
  replaceConfig(JSON.stringify(config));
  const list = "/twinspan.gateway.v1.EndpointService/ListEndpoints";
  const headers = { "x-twinspan-key": KEYS.agents.key };
  await until("no service knows it", async () => {
    const http = await fetch(`${stack.url}/who-am-i`, { headers });
    const gateway = await callRaw(stack.gatewayAddress, list, new Uint8Array(), headers);
    const read = "/twinspan.trace.v1.TraceReaderService/GetTrace";
    const writer = await callRaw(stack.traceWriterAddress, read, new Uint8Array(), headers);
    return http.status === 401 && [gateway, writer].every(({ status }) => status === "UNAUTHENTICATED");
  });
  await expect(complete(KEYS.agents.key, {})).rejects.toMatchObject({ status: 401, code: "invalid_api_key" });
});

test("no key is in a log, nor in any file of the outbox or the store", () => {
  const told = [stack.ingress, stack.gateway, stack.traceWriter].map(({ output }) => output).join("\n");
  const directory = dirname(stack.outboxPath);
  const files = readdirSync(directory).filter((file) => !file.startsWith("twinspan.yaml"));
  const stored = files.map((file) => readFileSync(join(directory, file)).toString("latin1")).join("\n");
  for (const { key } of Object.values(KEYS)) expect(told + stored).not.toContain(key);
});
