import fc from "fast-check";
import { expect, test } from "vitest";
import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import { type AnswerFacts, NO_FACTS } from "../../../services/gateway/core/invocation.ts";
import { usageOfAnswer } from "../../../services/gateway/core/usage/attempt-usage.ts";
import { estimatedInputTokens, estimatedOutputTokens } from "../../../services/gateway/core/usage/estimated-tokens.ts";

const inputTokens = (request: unknown) => Number(estimatedInputTokens(Buffer.from(JSON.stringify(request))));
const outputTokens = (answer: unknown) => Number(estimatedOutputTokens(Buffer.from(JSON.stringify(answer))));
const PROSE = "The quick brown fox jumps over the lazy dog and is never seen again. ";

test("texts count wherever they stand in a request, keys, ids and images do not", () => {
  const plain = inputTokens({ messages: [{ role: "user", content: PROSE }] });
  expect(plain).toBeGreaterThan(10);
  expect(plain).toBeLessThan(20);
  expect(inputTokens({ messages: [{ role: "user", content: [{ type: "text", text: PROSE }] }] })).toBe(plain);
  expect(inputTokens({ contents: [{ parts: [{ text: PROSE }] }] })).toBe(plain);
  expect(inputTokens({ system: PROSE, messages: [{ role: "user", content: PROSE }] })).toBe(2 * plain);
  const base64 = Buffer.from(PROSE.repeat(100)).toString("base64");
  const alike = [
    { messages: [{ content: PROSE, tool_call_id: "call_a_long_id_of_many_words", role: "tool" }] },
    { messages: [{ content: [{ text: PROSE }, { image_url: { url: `data:image/png;base64,${base64}` } }] }] },
    { messages: [{ content: [{ text: PROSE }, { source: { type: "base64", media_type: "a/b", data: base64 } }] }] },
    { contents: [{ parts: [{ text: PROSE }, { inlineData: { mimeType: "image/png", data: base64 } }] }] },
    { messages: [{ content: PROSE }], metadata: { note: PROSE, deep: { list: [PROSE] } }, user: PROSE },
    { messages: [{ content: PROSE }], temperature: 0.5, max_tokens: 1000 },
    { messages: [{ content: PROSE }], something: base64 },
  ];
  for (const request of alike) expect(inputTokens(request), JSON.stringify(request).slice(0, 80)).toBe(plain);
});

test("tokens that are asked for as numbers are counted as they are", () => {
  expect(inputTokens({ input: [1, 22, 333, 4444] })).toBe(4);
  expect(inputTokens({ input: [[1, 2], [3]], dimensions: 256 })).toBe(3);
});

test("an answer counts what the model wrote, not what it repeats of the request", () => {
  const said = { choices: [{ index: 0, message: { role: "assistant", content: PROSE }, finish_reason: "stop" }] };
  const plain = outputTokens(said);
  expect(plain).toBeGreaterThan(10);
  expect(outputTokens({ ...said, instructions: PROSE, tools: [{ description: PROSE }], metadata: { a: PROSE } })).toBe(
    plain,
  );
  const call = {
    tool_calls: [{ id: "call_1", type: "function", function: { name: "find", arguments: '{"q":"fox"}' } }],
  };
  expect(outputTokens({ choices: [{ message: call }] })).toBeGreaterThan(3);
  expect(outputTokens({ choices: [{ message: { content: PROSE }, logprobs: { content: [{ token: PROSE }] } }] })).toBe(
    plain,
  );
});

test("escapes make no difference", () => {
  const written = `{"content":"${"漢字かな".repeat(20)}"}`;
  const escaped = written.replaceAll(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  expect(estimatedInputTokens(Buffer.from(escaped))).toBe(estimatedInputTokens(Buffer.from(written)));
});

test("what is too large to be counted is taken to be like its beginning", () => {
  const small = inputTokens({ messages: [{ content: PROSE.repeat(500) }] });
  const large = inputTokens({ messages: [{ content: PROSE.repeat(50_000) }] });
  expect(large / small).toBeGreaterThan(90);
  expect(large / small).toBeLessThan(110);
  const many = inputTokens({ messages: Array.from({ length: 100_000 }, () => ({ role: "user", content: PROSE })) });
  expect(many / inputTokens({ content: PROSE })).toBeGreaterThan(80_000);
  expect(many / inputTokens({ content: PROSE })).toBeLessThan(120_000);
});

test("no document costs more than a moment, whatever it is made of", () => {
  const bytes = 8 * 1024 * 1024;
  for (const part of ['"a",', "[", "{", "1,", '"', "\\", '{"a":', "漢", "[1,"]) {
    const document = Buffer.alloc(bytes, part);
    const start = performance.now();
    estimatedInputTokens(document);
    expect(performance.now() - start, part).toBeLessThan(500);
  }
});

test("bytes of any kind, JSON or not, cut anywhere, come to some number", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json().map((json) => Buffer.from(json)),
        fc.uint8Array().map((b) => Buffer.from(b)),
      ),
      fc.nat(),
      (bytes, at) => {
        const cut = bytes.subarray(0, at % (bytes.length + 1));
        expect(estimatedInputTokens(cut)).toBeGreaterThanOrEqual(0n);
        expect(estimatedOutputTokens(cut)).toBeGreaterThanOrEqual(0n);
      },
    ),
  );
});

const request = Buffer.from(JSON.stringify({ messages: [{ role: "user", content: PROSE }] }));
const answer = { bytes: Buffer.from(JSON.stringify({ choices: [{ message: { content: PROSE } }] })), truncated: false };
const input = estimatedInputTokens(request);
const output = estimatedOutputTokens(answer.bytes);
const usageOf = (facts: Partial<AnswerFacts>, requestType: RequestType = RequestType.REQUEST_TYPE_OPENAI_CHAT) =>
  usageOfAnswer({ requestType, facts: { ...NO_FACTS, ...facts }, request: () => request, reduced: () => answer });

test("what the provider said in full is left as it is", () => {
  const usage = { inputTokens: 1n, outputTokens: 2n, totalTokens: 3n };
  expect(usageOf({ usage })).toBe(usage);
});

test("where the provider said nothing, input and output are estimated, and marked so", () => {
  const estimate = { inputTokens: input, outputTokens: output, totalTokens: input + output, estimated: true };
  expect(usageOf({})).toEqual(estimate);
  expect(usageOf({ usageIsPartial: true })).toEqual(estimate);
});

test("a count of the beginning stays what it is for the input, and is the least there was of the output", () => {
  const said = { inputTokens: 7n, outputTokens: 1n, cacheReadInputTokens: 5n };
  expect(usageOf({ usage: said, usageIsPartial: true })).toEqual({
    ...said,
    outputTokens: output,
    totalTokens: 7n + output,
    estimated: true,
  });
  const more = { inputTokens: 7n, outputTokens: 1_000n };
  expect(usageOf({ usage: more, usageIsPartial: true })).toMatchObject({ outputTokens: 1_000n, estimated: true });
});

test("embeddings have an input alone, and what is not a model's answer has no estimate", () => {
  expect(usageOf({}, RequestType.REQUEST_TYPE_OPENAI_EMBEDDINGS)).toEqual({
    inputTokens: input,
    outputTokens: undefined,
    totalTokens: input,
    estimated: true,
  });
  expect(usageOf({}, RequestType.REQUEST_TYPE_ANTHROPIC_COUNT_TOKENS)).toBeUndefined();
  expect(usageOf({}, RequestType.REQUEST_TYPE_RAW)).toBeUndefined();
});
