import { afterAll, beforeAll, expect, test } from "vitest";
import { type IngressRun, startIngressRun } from "./ingress-run.ts";
import { sendRaw, sendRawChat } from "./raw-http.ts";

let run: IngressRun;
beforeAll(async () => {
  run = await startIngressRun({ headerBytesMax: 4096 });
});
afterAll(() => run[Symbol.asyncDispose]());

const MODEL = { id: "demo", object: "model", created: 1_700_000_000, owned_by: "twinspan" };

function get(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${run.ingress.url}${path}`, init);
}

test("endpoints are listed as OpenAI's models", async () => {
  for (const path of ["/v1/models", "/gateway/openai/v1/models", "/gateway/mlflow/v1/models"]) {
    expect(await (await get(path)).json()).toEqual({ object: "list", data: [MODEL] });
    expect(await (await get(`${path}/demo`)).json()).toEqual(MODEL);
  }
});

test("what may be got may be asked for its head alone", async () => {
  for (const path of ["/v1/models", "/v1/models/demo", "/healthz"]) {
    const answer = await get(path, { method: "HEAD" });
    expect([path, answer.status, await answer.text()]).toEqual([path, 200, ""]);
  }
});

test("endpoints are listed as Anthropic's models", async () => {
  const model = { type: "model", id: "demo", display_name: "demo", created_at: "2023-11-14T22:13:20.000Z" };
  for (const path of ["/anthropic/v1/models", "/gateway/anthropic/v1/models"]) {
    const listed = await (await get(path)).json();
    expect(listed).toMatchObject({ data: [model], has_more: false, first_id: "demo", last_id: "demo" });
    expect(await (await get(`${path}/demo`)).json()).toMatchObject(model);
    expect(await (await get(`${path}/nothing`)).json()).toMatchObject({ error: { type: "not_found_error" } });
  }
});

test("endpoints are listed as Gemini's models", async () => {
  const model = { name: "models/demo", displayName: "demo" };
  for (const path of ["/gemini/v1beta/models", "/gemini/v1/models", "/gateway/gemini/v1beta/models"]) {
    expect(await (await get(path)).json()).toMatchObject({ models: [model] });
    expect(await (await get(`${path}/demo`)).json()).toMatchObject(model);
    expect(await (await get(`${path}/nothing`)).json()).toMatchObject({ error: { code: 404, status: "NOT_FOUND" } });
  }
});

test("an unknown endpoint is an OpenAI error object", async () => {
  const response = await get("/v1/models/nothing");
  expect(response.status).toBe(404);
  expect(await response.json()).toEqual({
    error: { message: "No such endpoint.", type: "invalid_request_error", param: "model", code: "model_not_found" },
  });
});

test("an unknown path under /v1 is an OpenAI error object", async () => {
  const response = await get("/v1/nothing?key=secret");
  expect(response.status).toBe(404);
  expect(response.headers.get("x-request-id")).toBeTruthy();
  expect(await response.json()).toEqual({
    error: {
      message: "There is nothing at GET /v1/nothing. GET / says what there is.",
      type: "invalid_request_error",
      param: null,
      code: "unknown_url",
    },
  });
});

test("any other unknown path is told in plain text", async () => {
  const response = await get("/nothing");
  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
});

test("a path that cannot be decoded is 400", async () => {
  const response = await get("/v1/models/%zz");
  expect(response.status).toBe(400);
  expect(response.headers.get("x-request-id")).toBeTruthy();
  expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", code: "invalid_request" } });
});

test("a name of any length that an endpoint can have is looked up; a longer one is refused", async () => {
  expect(await (await get(`/v1/models/${"a".repeat(128)}`)).json()).toMatchObject({
    error: { code: "model_not_found" },
  });
  const response = await get(`/v1/models/${"a".repeat(2000)}`);
  expect([404, 414, 400]).toContain(response.status);
  expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error" } });
});

test.each([
  ["GET", "/v1/chat/completions", "POST"],
  ["PUT", "/v1/chat/completions", "POST"],
  ["OPTIONS", "/v1/chat/completions", "POST"],
  ["DELETE", "/v1/models/demo", "GET, HEAD"],
  ["POST", "/v1/models", "GET, HEAD"],
  ["GET", "/v1/traces", "POST"],
  ["POST", "/healthz", "GET, HEAD"],
])("%s %s is 405 with what is allowed", async (method, path, allow) => {
  const response = await get(path, { method });
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe(allow);
});

test("headers over the limit are 431, as an OpenAI error object", async () => {
  const answer = await sendRawChat(run.ingress.url, [`x-large: ${"a".repeat(5000)}`]);
  expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  expect(answer).toMatch(/\r\nx-request-id: [0-9a-f-]{36}\r\n/);
  expect(answer).toContain('"code":"headers_too_large"');
});

test("what is not HTTP is 400", async () => {
  expect(await sendRaw(run.ingress.url, ["nonsense"])).toMatch(/^HTTP\/1\.1 400 /);
});

test("GET / says where to look", async () => {
  const text = await (await get("/")).text();
  for (const base of ["/v1 ", "/anthropic ", "/gemini ", "/gateway/"]) expect(text).toContain(base);
  expect(text.split("\n").length).toBeLessThan(20);
});

test("trouble with tracing is degraded and no more; a gateway that is away is not ready", async () => {
  expect((await get("/healthz")).status).toBe(200);
  const ready = await get("/readyz");
  expect(ready.status).toBe(200);
  expect(await ready.json()).toEqual({ status: "ready", degraded: [] });

  run.gateway.setHealth("twinspan.tracing", false);
  const troubled = await get("/readyz");
  expect(troubled.status).toBe(200);
  expect(await troubled.json()).toMatchObject({ degraded: [expect.stringContaining("tracing degraded")] });

  await run.traceWriter[Symbol.asyncDispose]();
  const alone = await get("/readyz");
  expect(alone.status).toBe(200);
  expect(await alone.json()).toMatchObject({
    degraded: [expect.anything(), expect.stringContaining("the trace-writer is unreachable")],
  });

  const read = await get("/api/2.0/mlflow/experiments/get?experiment_id=1");
  expect(read.status).toBe(503);
  expect(await read.json()).toMatchObject({ error_code: "TEMPORARILY_UNAVAILABLE" });

  run.gateway.setHealth("", false);
  expect((await get("/readyz")).status).toBe(503);
  expect((await get("/healthz")).status).toBe(200);
});

test("every request is counted once, by route and status", async () => {
  const line = 'twinspan_ingress_requests_total{route="/v1/models/:name",status="404"}';
  const before = await run.metric(line);
  await (await get("/v1/models/a")).text();
  await (await get("/v1/models/b")).text();
  expect(await run.metric(line)).toBe(before + 2);
  expect(await run.metric('twinspan_ingress_request_duration_seconds_count{route="/v1/models/:name"}')).toBeGreaterThan(
    1,
  );
  expect(await run.metric("twinspan_ingress_requests_in_flight")).toBe(1);
});
