import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Dialect, type Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { answerPlainly } from "./chat-answers.ts";
import { type IngressRun, JSON_TYPE, startIngressRun } from "./ingress-run.ts";
import { sendRaw } from "./raw-http.ts";

let run: IngressRun;
beforeAll(async () => {
  run = await startIngressRun();
});
afterAll(() => run[Symbol.asyncDispose]());
beforeEach(() => {
  run.gateway.script = (call) => answerPlainly(call, "{}");
});

/** What reached the gateway of a request. */
async function invocationOf(path: string, init: RequestInit = {}): Promise<Invocation> {
  const before = run.gateway.calls.length;
  const response = await run.post(path, init);
  expect([response.status, await response.text()]).toEqual([200, "{}"]);
  expect(run.gateway.calls).toHaveLength(before + 1);
  const invocation = run.gateway.calls.at(-1)?.stream.request.invocation;
  if (invocation === undefined) throw new Error("no invocation came");
  return invocation;
}

test.each([
  ["/chat/completions", Dialect.DIALECT_OPENAI_CHAT],
  ["/responses", Dialect.DIALECT_OPENAI_RESPONSES],
  ["/responses/compact", Dialect.DIALECT_OPENAI_RESPONSES_COMPACT],
  ["/embeddings", Dialect.DIALECT_OPENAI_EMBEDDINGS],
])("OpenAI's %s is its dialect, wherever its API is", async (path, dialect) => {
  for (const prefix of ["/v1", "/gateway/openai/v1"]) {
    expect(await invocationOf(`${prefix}${path}`)).toMatchObject({ dialect, endpoint: "", target: undefined });
  }
});

test.each([
  ["/v1/messages", Dialect.DIALECT_ANTHROPIC_MESSAGES],
  ["/v1/messages/count_tokens", Dialect.DIALECT_ANTHROPIC_COUNT_TOKENS],
])("Anthropic's %s is its dialect, wherever its API is", async (path, dialect) => {
  for (const prefix of ["/anthropic", "/gateway/anthropic"]) {
    expect(await invocationOf(`${prefix}${path}`)).toMatchObject({ dialect, endpoint: "", target: undefined });
    const { target } = await invocationOf(`${prefix}${path}?beta=true`);
    expect(target).toEqual({ method: "", path: "", query: "beta=true" });
  }
});

test.each([
  ["generateContent", Dialect.DIALECT_GEMINI_GENERATE_CONTENT],
  ["streamGenerateContent", Dialect.DIALECT_GEMINI_STREAM_GENERATE_CONTENT],
  ["embedContent", Dialect.DIALECT_GEMINI_EMBED_CONTENT],
  ["batchEmbedContents", Dialect.DIALECT_GEMINI_BATCH_EMBED_CONTENTS],
  ["countTokens", Dialect.DIALECT_GEMINI_COUNT_TOKENS],
])("Gemini's %s is its dialect, wherever its API is, of the endpoint in the path", async (method, dialect) => {
  for (const prefix of ["/gemini/v1beta", "/gemini/v1", "/gateway/gemini/v1beta", "/gateway/gemini/v1"]) {
    for (const colon of [":", "%3A"]) {
      const asked = await invocationOf(`${prefix}/models/demo.1${colon}${method}?alt=sse`);
      const target = { method: "", path: "", query: "alt=sse" };
      expect(asked).toMatchObject({ dialect, endpoint: "demo.1", target });
    }
  }
});

test("MLflow's paths are its dialects", async () => {
  const unified = await invocationOf("/gateway/mlflow/v1/chat/completions");
  expect(unified).toMatchObject({ dialect: Dialect.DIALECT_MLFLOW_CHAT, endpoint: "" });
  for (const endpoint of ["demo", "openai", "mlflow"]) {
    const invoked = await invocationOf(`/gateway/${endpoint}/mlflow/invocations`);
    expect(invoked).toMatchObject({ dialect: Dialect.DIALECT_MLFLOW_INVOCATIONS, endpoint });
  }
});

test.each(["GET", "POST", "PUT", "PATCH", "DELETE"])(
  "a raw %s goes on with its path and query as they came",
  async (method) => {
    const body = method === "GET" ? null : Buffer.from([0, 1, 255]);
    const headers = { accept: "text/csv", "content-type": "application/x-any" };
    const path = "//v1/files/a%2Fb%20c;d=%C3%A9/";
    const asked = await invocationOf(`/gateway/proxy/demo${path}?q=%20x&&q=y+z`, { method, headers, body });
    expect(asked).toMatchObject({
      dialect: Dialect.DIALECT_RAW,
      endpoint: "demo",
      target: { method, path, query: "q=%20x&&q=y+z" },
      headers: [
        { name: "accept", value: "text/csv" },
        { name: "content-type", value: "application/x-any" },
      ],
    });
    expect(asked.body).toEqual(body ?? Buffer.alloc(0));
  },
);

test("a raw path goes on as long as it is, and with whatever dots it has: the gateway judges it", async () => {
  const { target } = await invocationOf(`/gateway/proxy/demo/${"a".repeat(3000)}`);
  expect(target?.path).toHaveLength(3001);
  // fetch would tidy it up.
  const path = "/a/../%2e%2E/b";
  await sendRaw(run.ingress.url, [`GET /gateway/proxy/demo${path} HTTP/1.1`, "host: example.test"]);
  expect(run.gateway.calls.at(-1)?.stream.request.invocation?.target?.path).toBe(path);
});

test("an answer without content has none, and no length", async () => {
  run.gateway.script = (call) => answerPlainly(call, "", 204);
  const response = await run.post("/gateway/proxy/demo/files/1", { method: "DELETE", body: null });
  expect([response.status, response.headers.get("content-length")]).toEqual([204, null]);
});

test("what SDKs send besides does no harm: a charset, their own headers, a slash at the end", async () => {
  const headers = {
    "content-type": "application/json; charset=utf-8",
    "x-stainless-retry-count": "0",
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "a,b",
  };
  const asked = await invocationOf("/anthropic/v1/messages/", { headers });
  expect(asked.headers).toEqual([
    { name: "anthropic-beta", value: "a,b" },
    { name: "anthropic-version", value: "2023-06-01" },
  ]);
});

test("a caller's credentials are credentials wherever it puts them, and nothing else", async () => {
  const headers = {
    ...JSON_TYPE,
    authorization: "Bearer a",
    "x-api-key": "b",
    "api-key": "c",
    "x-twinspan-key": "ours",
  };
  const asked = await invocationOf("/v1/chat/completions?key=d", { headers });
  expect(asked.credentials).toEqual([
    { name: "authorization", value: "Bearer a" },
    { name: "x-api-key", value: "b" },
    { name: "api-key", value: "c" },
    { name: "x-goog-api-key", value: "d" },
  ]);
  expect(asked).toMatchObject({ target: undefined, headers: [] });
  const { "x-twinspan-key": own, ...others } = run.gateway.calls.at(-1)?.metadata ?? {};
  expect(own).toBe("ours");
  expect(JSON.stringify(others)).not.toMatch(/ours|Bearer/);
});

test("keys in the query of a Gemini caller become credentials, and leave the query", async () => {
  const path = "/gemini/v1beta/models/demo:streamGenerateContent";
  const { target, credentials } = await invocationOf(`${path}?%6Bey=secret%2F1&alt=sse&access_token=t&api_key=k`);
  expect(target).toEqual({ method: "", path: "", query: "alt=sse" });
  expect(credentials).toEqual([
    { name: "x-goog-api-key", value: "secret/1" },
    { name: "authorization", value: "Bearer t" },
  ]);
  const both = await invocationOf(`${path}?key=in-query`, { headers: { ...JSON_TYPE, "x-goog-api-key": "in-header" } });
  expect(both.credentials).toEqual([{ name: "x-goog-api-key", value: "in-header" }]);
  expect(both.target).toBeUndefined();
  expect((await invocationOf(`${path}?key=a%0d%0ab`)).credentials).toEqual([]);
});
