import fc from "fast-check";
import { expect, test } from "vitest";
import { Dialect, type Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import { NO_FACTS } from "../../../services/gateway/core/invocation.ts";
import { anthropicCountTokens } from "../../../services/gateway/dialects/anthropic/count-tokens.ts";
import { anthropicMessages } from "../../../services/gateway/dialects/anthropic/messages.ts";

const invocationOf = (body: string, also: Partial<Invocation> = {}): Invocation => ({
  dialect: Dialect.DIALECT_ANTHROPIC_MESSAGES,
  endpoint: "",
  body: Buffer.from(body),
  target: undefined,
  headers: [],
  credentials: [],
  ...also,
});
const read = (body: string, also: Partial<Invocation> = {}) => anthropicMessages.readRequest(invocationOf(body, also));
const readAnswer = (answer: unknown) => anthropicMessages.readAnswer(Buffer.from(JSON.stringify(answer)));

test("for a provider only the model changes; all other bytes are the caller's", () => {
  const other = fc.tuple(
    fc.constantFrom("messages", "max_tokens", "system", "tools", "modelx"),
    fc.oneof(
      fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
      fc.constantFrom("1e400", "0.10", "12345678901234567890"),
    ),
  );
  const others = fc.uniqueArray(other, { selector: ([name]) => name, maxLength: 4 });
  fc.assert(
    fc.property(
      others,
      fc.nat(4),
      fc.boolean(),
      fc.stringMatching(/^[!-~]{1,20}$/),
      (members, place, stream, model) => {
        const parts = members.map(([name, value]) => `"${name}" : ${value}`);
        parts.splice(place, 0, `"stream":${stream},\n"model": @MODEL@`);
        const template = `{ ${parts.join(",")} }\n`;
        const sent = read(template.replace("@MODEL@", '"demo"'));
        expect(sent).toMatchObject({ endpointName: "demo", streaming: stream, fault: undefined });
        expect(sent.isStream("text/event-stream; charset=utf-8")).toBe(stream);
        const expected = template.replace("@MODEL@", () => JSON.stringify(model));
        expect(sent.relayed(model, true)).toMatchObject({ method: "POST", path: "/messages", addsUsage: false });
        expect(sent.relayed(model, true).body.toString()).toBe(expected);
      },
    ),
    { numRuns: 300 },
  );
});

test("the dialect's headers go on, and a version is said where the caller says none", () => {
  const headersOf = (...headers: Invocation["headers"]) =>
    Object.fromEntries(read('{"model":"m"}', { headers }).relayed("m", true).headers);
  expect(headersOf()).toEqual({ "anthropic-version": "2023-06-01" });
  expect(
    headersOf(
      { name: "anthropic-beta", value: "a" },
      { name: "openai-beta", value: "x" },
      { name: "anthropic-version", value: "2024-01-01" },
      { name: "anthropic-beta", value: "b" },
    ),
  ).toEqual({ "anthropic-version": "2024-01-01", "anthropic-beta": "a, b" });
});

test("the caller's query goes on, but for credentials in it", () => {
  const pathOf = (query: string) =>
    read('{"model":"m"}', { target: { method: "", path: "", query } }).relayed("m", true).path;
  expect(pathOf("beta=true")).toBe("/messages?beta=true");
  expect(pathOf("key=s&a=%2F+b&api_key=s&%6Bey=s&access_token")).toBe("/messages?a=%2F+b");
  expect(pathOf("key=s")).toBe("/messages");
  expect(pathOf("KEY=s&api-key=s&apikey=s&keys=1")).toBe("/messages?keys=1");
});

test("a count of tokens is a request of its own, and never a stream", () => {
  const sent = anthropicCountTokens.readRequest(invocationOf('{"messages":[],"stream":true}', { endpoint: "demo" }));
  expect(sent).toMatchObject({ endpointName: "demo", streaming: false, fault: undefined });
  expect(sent.isStream("text/event-stream")).toBe(false);
  expect(sent.relayed("m", true)).toMatchObject({ path: "/messages/count_tokens" });
  expect(sent.relayed("m", true).body.toString()).toBe('{"model":"m","messages":[],"stream":true}');
});

test.each([
  ['{"messages":[]}', undefined, "model"],
  ['{"model":7}', undefined, "model"],
  ['{"model":"demo","stream":"yes"}', "demo", "stream"],
  ['{"model":"demo","messages":[', "demo", undefined],
  ['{"model":"demo","model":"other"}', "demo", undefined],
  ["canary", undefined, undefined],
])("%j is refused, with the endpoint it names and the field at fault", (body, endpointName, field) => {
  const { fault, ...rest } = read(body);
  expect(rest).toMatchObject({ endpointName, streaming: false });
  expect(fault).toMatchObject({ kind: "invalid_request" });
  expect(fault?.field).toBe(field);
  expect(fault?.message).not.toContain("canary");
});

test("a whole message says what it came to", () => {
  const usage = { input_tokens: 3, output_tokens: 2, cache_read_input_tokens: 4, cache_creation_input_tokens: null };
  expect(readAnswer({ id: "msg_1", model: "claude", content: [], stop_reason: "end_turn", usage })).toEqual({
    responseId: "msg_1",
    responseModel: "claude",
    finishReasons: [FinishReason.FINISH_REASON_STOP],
    usage: {
      inputTokens: 7n,
      outputTokens: 2n,
      totalTokens: 9n,
      cacheReadInputTokens: 4n,
      cacheWriteInputTokens: undefined,
      reasoningOutputTokens: undefined,
    },
    usageIsPartial: false,
    firstTokenNanos: undefined,
  });
  expect(() => readAnswer({ choices: [] })).toThrow("not a message");
  expect(() => readAnswer([])).toThrow("not a message");
});

test("what compacting a conversation took is billed too, and what an advisor took is not this model's", () => {
  const iterations = [
    { type: "compaction", input_tokens: 100, output_tokens: 10, cache_read_input_tokens: 1_000 },
    { type: "message", input_tokens: 3, output_tokens: 2 },
    { type: "advisor_message", input_tokens: 50, output_tokens: 50 },
  ];
  const usage = { input_tokens: 3, output_tokens: 2, iterations };
  expect(readAnswer({ content: [], usage }).usage).toMatchObject({
    inputTokens: 1_103n,
    outputTokens: 12n,
    totalTokens: 1_115n,
    cacheReadInputTokens: 1_000n,
  });
});

test("a usage is read where it counts something, and never guessed", () => {
  for (const usage of [null, 7, [], {}, { input_tokens: -1 }, { output_tokens: 1.5 }, { cache_read_input_tokens: 7 }]) {
    expect(readAnswer({ content: [], usage }).usage).toBeUndefined();
  }
  // No call has so many tokens: the trace-writer would refuse the whole record.
  const iterations = [{ type: "compaction", input_tokens: 9e9 }];
  expect(readAnswer({ content: [], usage: { input_tokens: 9e9, iterations } }).usage).toBeUndefined();
});

test.each([
  ["end_turn", FinishReason.FINISH_REASON_STOP],
  ["stop_sequence", FinishReason.FINISH_REASON_STOP],
  ["max_tokens", FinishReason.FINISH_REASON_LENGTH],
  ["model_context_window_exceeded", FinishReason.FINISH_REASON_LENGTH],
  ["tool_use", FinishReason.FINISH_REASON_TOOL_CALLS],
  ["refusal", FinishReason.FINISH_REASON_CONTENT_FILTER],
  ["pause_turn", FinishReason.FINISH_REASON_OTHER],
  ["something_new", FinishReason.FINISH_REASON_OTHER],
])("a message that stopped for %s has the finish reason %i", (reason, expected) => {
  expect(readAnswer({ content: [], stop_reason: reason }).finishReasons).toEqual([expected]);
});

test("counted tokens are an answer and no usage", () => {
  const read = (answer: string) => anthropicCountTokens.readAnswer(Buffer.from(answer));
  expect(read('{"input_tokens":2095}')).toEqual(NO_FACTS);
  for (const other of ["{}", '{"input_tokens":"7"}', "[]", "no json"]) expect(() => read(other)).toThrow("not a count");
});
