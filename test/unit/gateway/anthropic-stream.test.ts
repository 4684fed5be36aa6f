import fc from "fast-check";
import { expect, test } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import { ProviderError } from "../../../services/gateway/core/provider-error.ts";
import { anthropicMessages } from "../../../services/gateway/dialects/anthropic/messages.ts";
import { expectCutsMakeNoDifference, watchText } from "./watched-stream.ts";

const event = (data: { readonly type: string; readonly [field: string]: unknown }, end = "\n") =>
  `event: ${data.type}${end}data: ${JSON.stringify(data)}${end}${end}`;

const START = event({
  type: "message_start",
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-x",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 3, cache_read_input_tokens: 5, cache_creation_input_tokens: 7, output_tokens: 1 },
  },
});
const STOP = event({ type: "message_stop" });
const PING = event({ type: "ping" });
const begin = (index: number, block: object) => event({ type: "content_block_start", index, content_block: block });
const delta = (index: number, part: object) => event({ type: "content_block_delta", index, delta: part });
const end = (index: number) => event({ type: "content_block_stop", index });
const text = (index: number, said: string) => delta(index, { type: "text_delta", text: said });
const json = (index: number, said: string) => delta(index, { type: "input_json_delta", partial_json: said });
const last = (reason: string | null, usage: object = { output_tokens: 11 }) =>
  event({ type: "message_delta", delta: { stop_reason: reason, stop_sequence: null }, usage });

const watch = (stream: string, options = {}) => watchText(anthropicMessages, stream, options);

const said = fc.string({ unit: "grapheme", maxLength: 5 });
const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(START, PING, begin(0, { type: "text", text: "" }), last("end_turn")) },
  { weight: 2, arbitrary: fc.constant(begin(1, { type: "tool_use", id: "t", name: "n", input: {} })) },
  { weight: 6, arbitrary: fc.tuple(fc.nat(2), said).map(([index, part]) => text(index, part)) },
  { weight: 2, arbitrary: said.map((part) => json(1, part)) },
  { weight: 1, arbitrary: said.map((part) => event({ type: "new", part }, "\r\n")) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      STOP,
      ": comment\n\n",
      "data: garbage\n\n",
      event({ type: "error", error: { type: "overloaded_error", message: "no" } }),
      "data: {",
      `data: ${"x".repeat(300)}\n\n`,
    ),
  },
);

test("wherever the network cuts a stream of a message, the same goes on, and the same is known of it", () => {
  const begun = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(""));
  expectCutsMakeNoDifference(
    anthropicMessages,
    fc.oneof(
      begun,
      begun.map((rest) => START + rest),
    ),
  );
});

test("a stream comes to one message: texts joined, inputs parsed, what providers add kept", () => {
  const citation = { type: "char_location", cited_text: "c" };
  const result = { type: "web_search_tool_result", tool_use_id: "s", content: [{ type: "web_search_result" }] };
  const {
    answer,
    facts,
    hasToken,
    end: terminal,
    passed,
  } = watch(
    [
      START,
      begin(0, { type: "thinking", thinking: "", signature: "" }),
      PING,
      delta(0, { type: "thinking_delta", thinking: "h" }),
      delta(0, { type: "thinking_delta", thinking: "m" }),
      delta(0, { type: "signature_delta", signature: "sig" }),
      end(0),
      begin(1, { type: "server_tool_use", id: "s", name: "web_search", input: {} }),
      json(1, ""),
      json(1, '{"query":'),
      json(1, '"q"}'),
      begin(2, result),
      begin(3, { type: "text", text: "" }),
      text(3, "on"),
      delta(3, { type: "citations_delta", citation }),
      text(3, "e"),
      begin(4, { type: "tool_use", id: "t", name: "look_up", input: {} }),
      begin(5, { type: "redacted_thinking", data: "r" }),
      begin(6, { type: "compaction", content: null }),
      delta(6, { type: "compaction_delta", content: "short", encrypted_content: "e" }),
      last("tool_use", {
        output_tokens: 11,
        cache_read_input_tokens: 6,
        output_tokens_details: { thinking_tokens: 4 },
      }),
      STOP,
    ].join(""),
  );
  expect(answer).toEqual({
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-x",
    content: [
      { type: "thinking", thinking: "hm", signature: "sig" },
      { type: "server_tool_use", id: "s", name: "web_search", input: { query: "q" } },
      result,
      { type: "text", text: "one", citations: [citation] },
      { type: "tool_use", id: "t", name: "look_up", input: {} },
      { type: "redacted_thinking", data: "r" },
      { type: "compaction", content: "short", encrypted_content: "e" },
    ],
    stop_reason: "tool_use",
    stop_sequence: null,
    usage: {
      input_tokens: 3,
      cache_read_input_tokens: 6,
      cache_creation_input_tokens: 7,
      output_tokens: 11,
      output_tokens_details: { thinking_tokens: 4 },
    },
  });
  expect(facts).toEqual({
    responseId: "msg_1",
    responseModel: "claude-x",
    finishReasons: [FinishReason.FINISH_REASON_TOOL_CALLS],
    usage: {
      inputTokens: 16n,
      outputTokens: 11n,
      totalTokens: 27n,
      cacheReadInputTokens: 6n,
      cacheWriteInputTokens: 7n,
      reasoningOutputTokens: 4n,
    },
    usageIsPartial: false,
  });
  expect(hasToken).toBe(true);
  expect(passed).toContain(PING);
  expect(terminal).toBe(STOP);
});

test("a cut stream has the input it began with, and an output that is known to be no more than begun", () => {
  const { facts, answer, end: failure } = watch(START + begin(0, { type: "tool_use", input: {} }) + json(0, '{"a":'));
  expect(failure).toContain("cut before its end");
  expect(facts).toMatchObject({ usage: { inputTokens: 15n, outputTokens: 1n }, usageIsPartial: true });
  expect(answer.content[0].input).toBe('{"a":');
  const complete = watch(START + last("end_turn"));
  expect(complete).toMatchObject({ facts: { usageIsPartial: false, usage: { outputTokens: 11n } } });
  expect(complete.end).toContain("cut before its end");
});

test("no more is kept than the limit allows, whatever a provider sends, and the counts are read all the same", () => {
  const blocks = Array.from({ length: 1_100 }, (_, at) => begin(at, { type: "text", text: "x".repeat(20) }));
  const texts = [begin(0, { type: "text", text: "" }), ...Array.from({ length: 40 }, () => text(0, "x".repeat(100)))];
  const citations = [
    begin(0, { type: "text", text: "" }),
    ...Array.from({ length: 40 }, () => delta(0, { type: "citations_delta", citation: { at: "y".repeat(100) } })),
  ];
  const keys = Array.from({ length: 60 }, (_, at) =>
    event({ type: "message_delta", delta: { [`k${at}${"y".repeat(50)}`]: true }, usage: {} }),
  );
  for (const parts of [blocks, texts, citations, keys]) {
    const seen = watch([START, ...parts, last("max_tokens"), STOP].join(""), { payloadBytesMax: 1_000 });
    expect(seen.truncated).toBe(true);
    expect(JSON.stringify(seen.answer).length).toBeLessThan(1_800);
    expect(seen.facts).toMatchObject({
      usage: { inputTokens: 15n, outputTokens: 11n },
      finishReasons: [FinishReason.FINISH_REASON_LENGTH],
      usageIsPartial: false,
    });
  }
});

test("keys that mean something to JavaScript are keys like any other, and an endless input stays a text", () => {
  const deep = "[".repeat(100_000);
  const { answer } = watch(
    [
      START,
      'data: {"type":"content_block_start","index":0,"content_block":{"__proto__":{"polluted":"yes"}}}\n\n',
      'data: {"type":"content_block_delta","index":0,"delta":{"type":"x","constructor":"c","__proto__":1}}\n\n',
      'data: {"type":"message_delta","delta":{"__proto__":{"polluted":"yes"}},"usage":{"__proto__":1}}\n\n',
      json(0, deep + "]".repeat(100_000)),
    ].join(""),
    { payloadBytesMax: 1_000_000, eventBytesMax: 1_000_000 },
  );
  expect(Object.keys(answer.content[0])).toEqual(["__proto__", "constructor", "input"]);
  expect(answer.content[0].input).toMatch(/^\[+\]+$/);
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
});

test.each([
  ["nothing", "", "cut before its end"],
  ["no message_stop", START + last("end_turn"), "cut before its end"],
  ["no JSON", "event: ping\ndata: no json\n\n", "not a chunk of an answer"],
  ["an event without a type", 'data: {"choices":[]}\n\n', "not one of a message"],
])("a stream with %s is no whole one", (_what, stream, fault) => {
  expect(watch(stream).end).toContain(fault);
});

test.each([
  ["overloaded_error", "provider_unavailable"],
  ["api_error", "provider_unavailable"],
  ["something_new", "provider_unavailable"],
  ["rate_limit_error", "provider_rate_limited"],
  ["timeout_error", "provider_timeout"],
  ["invalid_request_error", "provider_rejected"],
  ["authentication_error", "provider_auth"],
])("the provider's %s in a stream is %s, and goes on as it came unless it concerns our key", (type, kind) => {
  const error = event({ type: "error", error: { type, message: "secret" } });
  const tap = anthropicMessages.createStreamTap({
    withholdUsage: false,
    contentType: "text/event-stream",
    eventBytesMax: 10_000,
    payloadBytesMax: 10_000,
  });
  expect(tap.push(Buffer.from(START + error + STOP), 1n).toString()).toBe(START);
  try {
    tap.end();
    expect.unreachable();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ProviderError);
    expect(thrown).toMatchObject({ kind, event: kind === "provider_auth" ? undefined : Buffer.from(error) });
  }
});

test("a failure of ours is an event in Anthropic's words", () => {
  const tap = anthropicMessages.createStreamTap({
    withholdUsage: false,
    contentType: "text/event-stream",
    eventBytesMax: 10_000,
    payloadBytesMax: 10_000,
  });
  expect(tap.errorEvent(new ServiceError("provider_timeout", "Too late."))?.toString()).toBe(
    'event: error\ndata: {"type":"error","error":{"type":"timeout_error","message":"Too late."}}\n\n',
  );
});
