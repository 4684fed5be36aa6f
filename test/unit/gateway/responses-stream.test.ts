import fc from "fast-check";
import { expect, test } from "vitest";
import { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import {
  openAiResponses,
  openAiResponsesCompact,
} from "../../../services/gateway/dialects/openai-responses/openai-responses.ts";
import {
  began,
  CALL,
  completed,
  created,
  ended,
  eventOf,
  HEAD,
  MESSAGE,
  tapOf,
  text,
  USAGE,
  watchText,
} from "./responses-events.ts";
import { expectCutsMakeNoDifference } from "./watched-stream.ts";

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
