import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import { answerPlainly, beginStream, completion, event, fail, piece, SUMMARY } from "./chat-answers.ts";
import { type IngressRun, startIngressRun } from "./ingress-run.ts";

let run: IngressRun;
let openai: OpenAI;
beforeAll(async () => {
  run = await startIngressRun({ requestBytesMax: 1024 * 1024 });
  openai = new OpenAI({ baseURL: `${run.ingress.url}/v1`, apiKey: "secret", maxRetries: 2 });
});
afterAll(() => run[Symbol.asyncDispose]());

const ASK = { model: "demo", messages: [{ role: "user" as const, content: "hello" }] };

test("the SDK completes a chat", async () => {
  run.gateway.script = (call) => answerPlainly(call, completion("hello"));
  const { data, request_id } = await openai.chat.completions.create(ASK).withResponse();
  expect(data.choices[0]?.message.content).toBe("hello");
  expect(data.usage?.total_tokens).toBe(2);
  expect(request_id).toMatch(/^[0-9a-f-]{36}$/);
  expect(JSON.parse(run.gateway.calls.at(-1)?.body.toString() ?? "")).toEqual(ASK);
  expect(run.gateway.calls.at(-1)?.metadata["x-forwarded-user-agent"]).toMatch(/^OpenAI\/JS /);
});

test("the SDK reads a stream to its end", async () => {
  run.gateway.script = (call) => {
    beginStream(call, event("one "));
    call.stream.write(piece(event("two")));
    call.stream.write(piece("data: [DONE]\n\n", SUMMARY));
    call.stream.end();
  };
  let text = "";
  for await (const chunk of await openai.chat.completions.create({ ...ASK, stream: true })) {
    text += chunk.choices[0]?.delta.content ?? "";
  }
  expect(text).toBe("one two");
});

test("the SDK's abort cancels the call", async () => {
  const cancelled = Promise.withResolvers<void>();
  run.gateway.script = (call) => {
    call.stream.on("cancelled", () => cancelled.resolve());
    beginStream(call, event("one"));
  };
  const stream = await openai.chat.completions.create({ ...ASK, stream: true });
  for await (const chunk of stream) {
    expect(chunk.choices[0]?.delta.content).toBe("one");
    stream.controller.abort();
  }
  await cancelled.promise;
});

test("an error event in a stream is the SDK's APIError", async () => {
  run.gateway.script = (call) => {
    beginStream(call, event("one"));
    call.stream.write(piece(event("two")), () => fail(call, new ServiceError("provider_timeout", "It went silent.")));
  };
  const stream = await openai.chat.completions.create({ ...ASK, stream: true });
  await expect(
    (async () => {
      for await (const _ of stream);
    })(),
  ).rejects.toThrow("It went silent.");
});

test.each([
  ["invalid_request", OpenAI.BadRequestError, "invalid_request_error"],
  ["unauthenticated", OpenAI.AuthenticationError, "authentication_error"],
  ["permission_denied", OpenAI.PermissionDeniedError, "permission_error"],
  ["not_found", OpenAI.NotFoundError, "invalid_request_error"],
  ["budget_exceeded", OpenAI.RateLimitError, "insufficient_quota"],
  ["endpoint_unavailable", OpenAI.InternalServerError, "server_error"],
] as const)("a %s is the SDK's exception for it, and is not sent again", async (kind, exception, type) => {
  run.gateway.script = (call) => fail(call, new ServiceError(kind, "What, where, what to do."));
  const before = run.gateway.calls.length;
  const error: unknown = await openai.chat.completions.create(ASK).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(exception);
  expect(error).toMatchObject({ type, message: expect.stringContaining("What, where, what to do.") });
  expect(run.gateway.calls.length).toBe(before + 1);
});

test("what may be tried again the SDK tries again", async () => {
  let calls = 0;
  run.gateway.script = (call) => {
    calls += 1;
    if (calls === 1) fail(call, new ServiceError("rate_limited", "Slower.", { retryAfterMs: 1 }));
    else answerPlainly(call, completion("at last"));
  };
  const answer = await openai.chat.completions.create(ASK);
  expect(answer.choices[0]?.message.content).toBe("at last");
});

test("a body that is far too large is told so, though it is still being sent", async () => {
  const content = "x".repeat(24 * 1024 * 1024);
  const error: unknown = await openai.chat.completions
    .create({ model: "demo", messages: [{ role: "user", content }] }, { maxRetries: 0 })
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ status: 413, code: "request_too_large" });
});

test("the SDK lists the models", async () => {
  const names: string[] = [];
  for await (const { id } of openai.models.list()) names.push(id);
  expect(names).toEqual(["demo"]);
});
