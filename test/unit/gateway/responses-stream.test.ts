import fc from "fast-check";
import { expect, test } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import { ProviderError } from "../../../services/gateway/core/provider-error.ts";
import type { StreamTapOptions } from "../../../services/gateway/dialects/dialect.ts";
import {
  openAiResponses,
  openAiResponsesCompact,
} from "../../../services/gateway/dialects/openai-responses/openai-responses.ts";
import { expectCutsMakeNoDifference, watchText as watched } from "./watched-stream.ts";

const HEAD = { id: "resp_1", object: "response", model: "gpt-x", instructions: "be brief" };
const USAGE = {
  input_tokens: 9,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 5,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 14,
};
const MESSAGE = {
  id: "msg_1",
  type: "message",
  status: "completed",
  role: "assistant",
  content: [{ type: "output_text", text: "one two", annotations: [] }],
};
const CALL = { id: "fc_1", type: "function_call", call_id: "c1", name: "look_up", arguments: '{"q":1}' };

const tapOf = (options: Partial<StreamTapOptions> = {}) =>
  openAiResponses.createStreamTap({
    withholdUsage: false,
    contentType: "",
    eventBytesMax: 9_999,
    payloadBytesMax: 9_999,
    ...options,
  });
const watchText = (text: string, options: Partial<StreamTapOptions> = {}) => watched(openAiResponses, text, options);
const eventOf = (type: string, fields: object = {}) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: 3, ...fields })}\n\n`;
const created = eventOf("response.created", { response: { ...HEAD, status: "in_progress", output: [], usage: null } });
const ended = (status: string, also: object) =>
  eventOf(`response.${status}`, { response: { ...HEAD, status, usage: USAGE, ...also } });
const completed = ended("completed", { output: [MESSAGE] });
const began = (index: number, item: object) => eventOf("response.output_item.added", { output_index: index, item });
const text = (delta: string, at = {}) =>
  eventOf("response.output_text.delta", { output_index: 0, content_index: 0, delta, ...at });

const place = fc.nat(2);
const words = fc.string({ unit: "grapheme", maxLength: 4 });
const piece = fc.oneof(
  { weight: 2, arbitrary: fc.constant(created) },
  {
    weight: 8,
    arbitrary: fc.tuple(words, place, place).map(([delta, a, b]) => text(delta, { output_index: a, content_index: b })),
  },
  { weight: 3, arbitrary: fc.tuple(place, fc.constantFrom(MESSAGE, CALL)).map(([at, item]) => began(at, item)) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(place, words)
      .map(([output_index, delta]) => eventOf("response.function_call_arguments.delta", { output_index, delta })),
  },
  { weight: 1, arbitrary: fc.constantFrom(": ping\n\n", eventOf("response.something.new", { output_index: 1 })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      eventOf("response.incomplete", { response: { ...HEAD, status: "incomplete" } }),
      eventOf("response.failed", { response: { ...HEAD, status: "failed", error: { code: "server_error" } } }),
      eventOf("error", { code: "server_error", message: "no" }),
      "data: [DONE]\n\n",
      "data: {}\n\n",
      "data: {",
      `data: ${"x".repeat(300)}\n\n`,
    ),
  },
);

test("wherever the network cuts a stream, the same goes on, byte for byte, and the same is known of it", () => {
  expectCutsMakeNoDifference(
    openAiResponses,
    fc.array(piece, { maxLength: 12 }).map((parts) => parts.join("")),
  );
});

test("a whole stream comes to the response that its end brings, which is held back", () => {
  const stream = created + began(0, { ...MESSAGE, content: [] }) + text("one ") + text("two");
  const { passed, end, answer, facts, hasToken, truncated } = watchText(stream + completed);
  expect([passed, end]).toEqual([stream, completed]);
  expect(answer).toEqual({ ...HEAD, status: "completed", usage: USAGE, output: [MESSAGE] });
  expect({ hasToken, truncated }).toEqual({ hasToken: true, truncated: false });
  expect(facts).toMatchObject({
    responseId: "resp_1",
    responseModel: "gpt-x",
    finishReasons: [FinishReason.FINISH_REASON_STOP],
    usage: { inputTokens: 9n, cacheReadInputTokens: 4n, outputTokens: 5n, reasoningOutputTokens: 2n, totalTokens: 14n },
    usageIsPartial: false,
  });
});

test("a cut stream comes to what was said: texts and arguments joined, summaries, annotations, items that were done", () => {
  const { end, answer, facts } = watchText(
    [
      created,
      began(0, { id: "rs_1", type: "reasoning", summary: [] }),
      eventOf("response.reasoning_summary_part.added", {
        output_index: 0,
        summary_index: 0,
        part: { type: "summary_text", text: "" },
      }),
      eventOf("response.reasoning_summary_text.delta", { output_index: 0, summary_index: 0, delta: "hm" }),
      eventOf("response.reasoning_summary_text.delta", { output_index: 0, summary_index: 0, delta: "m" }),
      began(2, { ...CALL, arguments: "" }),
      eventOf("response.function_call_arguments.delta", { output_index: 2, delta: '{"q"' }),
      eventOf("response.function_call_arguments.delta", { output_index: 2, delta: ":1" }),
      began(1, { ...MESSAGE, content: [], status: "in_progress" }),
      eventOf("response.content_part.added", {
        output_index: 1,
        content_index: 0,
        part: { type: "output_text", text: "", annotations: [] },
      }),
      text("one ", { output_index: 1 }),
      eventOf("response.output_text.annotation.added", {
        output_index: 1,
        content_index: 0,
        annotation_index: 0,
        annotation: { url: "u" },
      }),
      text("tw", { output_index: 1 }),
      began(3, { id: "ws", type: "web_search_call", status: "in_progress" }),
      eventOf("response.output_item.done", {
        output_index: 3,
        item: { id: "ws", type: "web_search_call", status: "completed" },
      }),
    ].join(""),
  );
  expect(end).toContain("cut before its end");
  expect(answer).toEqual({
    ...HEAD,
    status: "in_progress",
    usage: null,
    output: [
      { id: "rs_1", type: "reasoning", summary: [{ type: "summary_text", text: "hmm" }] },
      {
        ...MESSAGE,
        status: "in_progress",
        content: [{ type: "output_text", text: "one tw", annotations: [{ url: "u" }] }],
      },
      { ...CALL, arguments: '{"q":1' },
      { id: "ws", type: "web_search_call", status: "completed" },
    ],
  });
  expect(facts).toMatchObject({ responseId: "resp_1", finishReasons: [], usage: undefined, usageIsPartial: true });
});

test("an end that leaves out what was said before comes to what was said, of each item the last of it", () => {
  const begun = began(0, { ...CALL, arguments: "" });
  const delta = eventOf("response.function_call_arguments.delta", { output_index: 0, delta: '{"q":' });
  const done = eventOf("response.output_item.done", { output_index: 0, item: CALL });
  const { answer, facts } = watchText(created + begun + delta + done + ended("completed", { output: [] }));
  expect(answer.output).toEqual([CALL]);
  expect(facts.finishReasons).toEqual([FinishReason.FINISH_REASON_TOOL_CALLS]);
});

test.each([
  ["completed", { output: [MESSAGE] }, [FinishReason.FINISH_REASON_STOP]],
  ["completed", { output: [MESSAGE, CALL] }, [FinishReason.FINISH_REASON_TOOL_CALLS]],
  ["completed", { output: [{ ...CALL, type: "web_search_call" }] }, [FinishReason.FINISH_REASON_STOP]],
  [
    "completed",
    {
      output: [
        { type: "shell_call", call_id: "s" },
        { type: "shell_call_output", call_id: "s" },
      ],
    },
    [FinishReason.FINISH_REASON_STOP],
  ],
  ["incomplete", { incomplete_details: { reason: "max_output_tokens" } }, [FinishReason.FINISH_REASON_LENGTH]],
  ["incomplete", { incomplete_details: { reason: "content_filter" } }, [FinishReason.FINISH_REASON_CONTENT_FILTER]],
  ["incomplete", { incomplete_details: null }, [FinishReason.FINISH_REASON_OTHER]],
  ["queued", {}, []],
  ["cancelled", {}, []],
])("a response that is %s (%j) ended for the reasons %j", (status, also, reasons) => {
  const body = Buffer.from(JSON.stringify({ ...HEAD, status, output: [], usage: USAGE, ...also }));
  expect(openAiResponses.readAnswer(body)).toMatchObject({ finishReasons: reasons, usage: { totalTokens: 14n } });
  const { end, facts } = watchText(created + ended(status, { output: [], ...also }));
  if (status === "completed" || status === "incomplete") expect(end).toBe(ended(status, { output: [], ...also }));
  expect(facts.finishReasons).toEqual(reasons);
});

test.each([
  [
    "response.failed",
    { response: { ...HEAD, status: "failed", error: { code: "rate_limit_exceeded", message: "secret" } } },
    "provider_rate_limited",
  ],
  [
    "response.failed",
    { response: { ...HEAD, status: "failed", error: { code: "server_error", message: "secret" } } },
    "provider_unavailable",
  ],
  [
    "response.failed",
    { response: { ...HEAD, status: "failed", error: { code: "invalid_prompt", message: "secret" } } },
    "provider_rejected",
  ],
  ["response.failed", { response: { ...HEAD, status: "failed", reason: "secret" } }, "provider_unavailable"],
  ["error", { code: "server_error", message: "secret", param: null }, "provider_unavailable"],
  ["error", { error: { type: "invalid_request_error", code: null, message: "secret" } }, "provider_rejected"],
])("a provider's %s (%j) goes to the caller as it came: %s", (type, fields, kind) => {
  const event = eventOf(type, fields);
  const tap = tapOf();
  expect(tap.push(Buffer.from(created + text("one") + event + completed), 1n).toString()).toBe(created + text("one"));
  expect(tap.isOver).toBe(true);
  try {
    tap.end();
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject({ event: Buffer.from(event), kind, text: expect.stringContaining("secret") });
    expect(String(error)).not.toContain("secret");
  }
  const answer = JSON.parse(tap.reduced()?.bytes.toString() ?? "");
  expect(answer.output[0].content[0].text).toBe("one");
});

test("what concerns a key of ours does not go to the caller", () => {
  const event = eventOf("error", { code: "invalid_api_key", message: "sk-secret" });
  const tap = tapOf();
  tap.push(Buffer.from(event), 1n);
  expect(() => tap.end()).toThrow(expect.objectContaining({ kind: "provider_auth", event: undefined }));
});

test("a failure of ours is told in the next event, for every SDK", () => {
  const tap = tapOf();
  tap.push(Buffer.from(created), 1n);
  const told = tap.errorEvent(new ServiceError("provider_timeout", "too slow"))?.toString() ?? "";
  expect(told).toMatch(/^event: error\ndata: .*\n\n$/);
  expect(JSON.parse(told.slice(told.indexOf("{")))).toEqual({
    type: "error",
    sequence_number: 4,
    code: "provider_timeout",
    message: "too slow",
    param: null,
    error: { type: "server_error", code: "provider_timeout", message: "too slow", param: null },
  });
});

test("no more is kept than the limit allows, whatever a provider sends, and it says so", () => {
  const long = created + Array.from({ length: 40 }, () => text("x".repeat(100))).join("");
  const many = Array.from({ length: 900 }, (_, at) => text("", { output_index: at })).join("");
  const far = [-1, 0.5, 1e9, 1024, "0"].map((at) => text("far", { output_index: at })).join("");
  for (const stream of [long, many]) {
    const tap = tapOf({ payloadBytesMax: 2_000 });
    tap.push(Buffer.from(stream), 1n);
    expect(tap.reduced()).toMatchObject({ truncated: true });
    expect(tap.reduced()?.bytes.length).toBeLessThanOrEqual(2_000);
  }
  expect(watchText(created + far).answer.output).toEqual([]);
  expect(watchText(far).answer).toBeUndefined();
});

test("a compaction is read as one, and what is neither it nor a response is refused", () => {
  const compaction = { id: "c_1", object: "response.compaction", output: [{ type: "compaction" }], usage: USAGE };
  expect(openAiResponsesCompact.readAnswer(Buffer.from(JSON.stringify(compaction)))).toMatchObject({
    responseId: "c_1",
    finishReasons: [],
    usage: { inputTokens: 9n, outputTokens: 5n },
  });
  for (const other of ["", "[]", "{}", '{"choices":[]}']) {
    expect(() => openAiResponses.readAnswer(Buffer.from(other))).toThrow("not a response");
    expect(() => openAiResponsesCompact.readAnswer(Buffer.from(other))).toThrow("not a compaction");
  }
});
