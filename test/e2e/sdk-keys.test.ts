import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GetTraceRequest, GetTraceResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { newCaller } from "../callers/caller.ts";
import { callRaw, keyFor } from "../system/keyed-services.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { untilShipped } from "../traces/twins.ts";

const KEYS = {
  gateway: keyFor("gateway", ["record"]),
  agents: keyFor("agents", ["invoke"]),
  reader: keyFor("reader", ["read-payloads"]),
};
const TEXT = "hello from the SDK";
/** The key that a caller has with its provider. */
const OWN = "sk-a-key-of-the-callers-own";

let stack: Stack;
beforeAll(async () => {
  const models = [{ provider: "scripted", model: "echo-1" }];
  stack = await startStack({
    models: [],
    providers: { scripted: { apiKey: "the-gateways-own" } },
    auth: { keys: Object.values(KEYS).map(({ line }) => line) },
    gateway: { traceWriterKey: KEYS.gateway.key },
    endpoints: [
      { name: "ours", models },
      { name: "theirs", models, credentials: "caller" },
    ],
  });
});
afterAll(() => stack[Symbol.asyncDispose]());

type Headers = Readonly<Record<string, string>>;

/** Each SDK, unmodified, with its key where it has its place for one; and the header that it puts it in. */
const SDKS = {
  "OpenAI's": {
    header: "authorization",
    async ask(apiKey: string, model: string, headers: Headers) {
      const client = new OpenAI({ baseURL: `${stack.url}/v1`, apiKey, maxRetries: 0, defaultHeaders: headers });
      const chat = await client.chat.completions.create({ model, messages: [{ role: "user", content: TEXT }] });
      return chat.choices[0]?.message.content;
    },
  },
  "Anthropic's": {
    header: "authorization",
    async ask(apiKey: string, model: string, headers: Headers) {
      const client = new Anthropic({
        baseURL: `${stack.url}/anthropic`,
        apiKey,
        maxRetries: 0,
        defaultHeaders: headers,
      });
      const asked = { model, max_tokens: 100, messages: [{ role: "user" as const, content: TEXT }] };
      const [said] = (await client.messages.create(asked)).content;
      return said?.type === "text" ? said.text : undefined;
    },
  },
  "Gemini's": {
    header: "x-goog-api-key",
    async ask(apiKey: string, model: string, headers: Headers) {
      const { models } = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `${stack.url}/gemini`, headers } });
      return (await models.generateContent({ model, contents: TEXT })).text;
    },
  },
};
const NAMES = ["OpenAI's", "Anthropic's", "Gemini's"] as const;

/** Whom the mirror's full trace names, once it is stored. */
async function namedIn(traceId: string): Promise<string | undefined> {
  await untilShipped(stack);
  const read = async (id: string) => {
    const { answer } = await callRaw(
      stack.traceWriterAddress,
      "/twinspan.trace.v1.TraceReaderService/GetTrace",
      GetTraceRequest.encode({ traceId: id, view: 0 }).finish(),
      { "x-twinspan-key": KEYS.reader.key },
    );
    return GetTraceResponse.decode(answer).trace?.info;
  };
  const [full = ""] = (await read(`tr-${traceId}`))?.linkedTraceIds ?? [];
  return (await read(full))?.metadata["mlflow.auth.username"];
}

test.each(NAMES)(
  "%s SDK takes a key of twinspan's as its API key, and the provider gets the gateway's",
  async (name) => {
    const caller = newCaller();
    const { ask } = SDKS[name];
    expect(await ask(KEYS.agents.key, "ours", { traceparent: caller.traceparent })).toBe(TEXT);
    const received = JSON.stringify(stack.provider.requests.at(-1));
    expect(received).toContain("the-gateways-own");
    expect(received).not.toContain(KEYS.agents.key);
    expect(await namedIn(caller.traceId)).toBe("agents");
  },
);

test.each(NAMES)(
  "%s SDK with a key for its provider and one of twinspan's beside it sends each where it belongs",
  async (name) => {
    const caller = newCaller();
    const { ask, header } = SDKS[name];
    const headers = { traceparent: caller.traceparent, "x-twinspan-key": KEYS.agents.key };
    expect(await ask(OWN, "theirs", headers)).toBe(TEXT);
    const received = stack.provider.requests.at(-1);
    expect(received?.headers[header]).toContain(OWN);
    for (const ours of [KEYS.agents.key, "the-gateways-own", "x-twinspan-key"]) {
      expect(JSON.stringify(received)).not.toContain(ours);
    }
    expect(await namedIn(caller.traceId)).toBe("agents");
  },
);

test.each(NAMES)(
  "%s SDK with a key that nobody knows tells its caller so, as it does of its vendor's refusals",
  async (name) => {
    const before = stack.provider.requests.length;
    const refused = SDKS[name].ask(`${KEYS.agents.key.slice(0, -1)}_`, "ours", {});
    await expect(refused).rejects.toMatchObject({ status: 401 });
    expect(stack.provider.requests).toHaveLength(before);
  },
);
