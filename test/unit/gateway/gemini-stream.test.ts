import fc from "fast-check";
import { expect, test } from "vitest";
import { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import { geminiStreamGenerateContent } from "../../../services/gateway/dialects/gemini/generate-content.ts";
import { ARRAY, arrayOf, chunk, eventOf, HEAD, text, usage, watch, watchArray } from "./gemini-chunks.ts";
import { expectCutsMakeNoDifference, watchText } from "./watched-stream.ts";

const said = fc.string({ unit: "grapheme", maxLength: 5 });
const anyChunk = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.nat(1), said).map(([index, part]) => chunk([{ text: part }], {}, index)) },
  { weight: 2, arbitrary: said.map((part) => chunk([{ text: part, thought: true }])) },
  { weight: 1, arbitrary: said.map((name) => chunk([{ functionCall: { name, args: { a: "]},[{" } } }])) },
  {
    weight: 2,
    arbitrary: fc.nat(1).map((index) => ({ ...chunk([], { finishReason: "STOP" }, index), ...usage(3, 4) })),
  },
  { weight: 1, arbitrary: fc.constant({ promptFeedback: { blockReason: "SAFETY" } }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom({ error: { code: 503, message: "no" } }, { long: "x".repeat(300) }, { error: null }),
  },
);

test("wherever the network cuts a stream of events, the same goes on, and the same is known of it", () => {
  const piece = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(anyChunk, fc.constantFrom("\n", "\r\n")).map(([each, end]) => eventOf(each, end)),
    },
    { weight: 1, arbitrary: fc.constantFrom(": comment\n\n", "data: garbage\n\n", "data: {") },
  );
  const streams = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(""));
  expectCutsMakeNoDifference(geminiStreamGenerateContent, streams);
});

test("wherever the network cuts a stream that is an array, the same goes on, and the same is known of it", () => {
  const streams = fc
    .tuple(fc.array(anyChunk, { maxLength: 8 }), fc.nat(400), fc.constantFrom("", " ", "x", "[", ",{}"))
    .map(([chunks, cutBytes, behind]) => {
      const whole = arrayOf(chunks);
      return (cutBytes < 200 ? whole.slice(0, whole.length - cutBytes) : whole) + behind;
    });
  expectCutsMakeNoDifference(geminiStreamGenerateContent, streams, ARRAY);
});

test("a stream comes to one answer: texts and thoughts joined, calls and data as they came, the last word kept", () => {
  const call = { functionCall: { name: "look_up", args: { q: "a" } } };
  const data = { inlineData: { mimeType: "image/png", data: "AAAA" } };
  const code = { executableCode: { language: "PYTHON", code: "1" } };
  const chunks = [
    { ...chunk([{ text: "h", thought: true }]), ...usage(9) },
    chunk([{ text: "m", thought: true }, { text: "o" }], { groundingMetadata: { first: true } }),
    chunk([{ text: "second" }], {}, 1),
    text("n", { safetyRatings: [{ category: "A" }] }),
    chunk([{ text: "e", thoughtSignature: "sig" }]),
    chunk([{ text: " more" }]),
    chunk([call, data]),
    chunk([code], { groundingMetadata: { last: true } }),
    {
      ...chunk([{ text: "" }], { finishReason: "STOP" }, 0),
      ...usage(9, 5, { thoughtsTokenCount: 2, totalTokenCount: 16 }),
    },
    { ...chunk([], { finishReason: "MAX_TOKENS" }, 1), ...usage(9, 6, { thoughtsTokenCount: 2, totalTokenCount: 17 }) },
  ];
  const seen = watch(chunks);
  expect(seen.answer).toEqual({
    ...HEAD,
    candidates: [
      {
        content: {
          role: "model",
          parts: [
            { text: "hm", thought: true },
            { text: "one", thoughtSignature: "sig" },
            { text: " more" },
            call,
            data,
            code,
            { text: "" },
          ],
        },
        safetyRatings: [{ category: "A" }],
        groundingMetadata: { last: true },
        finishReason: "STOP",
        index: 0,
      },
      { content: { role: "model", parts: [{ text: "second" }] }, index: 1, finishReason: "MAX_TOKENS" },
    ],
    ...usage(9, 6, { thoughtsTokenCount: 2, totalTokenCount: 17 }),
  });
  expect(seen.facts).toEqual({
    responseId: "r1",
    responseModel: "gemini-x",
    finishReasons: [FinishReason.FINISH_REASON_TOOL_CALLS, FinishReason.FINISH_REASON_LENGTH],
    usage: {
      inputTokens: 9n,
      outputTokens: 8n,
      totalTokens: 17n,
      cacheReadInputTokens: undefined,
      reasoningOutputTokens: 2n,
      audioInputTokens: undefined,
      audioOutputTokens: undefined,
    },
    usageIsPartial: false,
  });
  expect(seen).toMatchObject({ end: "", hasToken: true, truncated: false });
  // The same chunks as one array come to the same, and only its end is held back.
  const array = arrayOf(chunks);
  const asArray = watchArray(array);
  expect(asArray).toMatchObject({ answer: seen.answer, facts: seen.facts, end: "\n]\n", passed: array.slice(0, -3) });
});

test("an empty text is no token, a call is one", () => {
  expect(watch([chunk([{ text: "", thoughtSignature: "s" }])]).hasToken).toBe(false);
  expect(watch([usage(3)]).hasToken).toBe(false);
  expect(watch([chunk([{ functionCall: { name: "n" } }])]).hasToken).toBe(true);
});

test("a blocked prompt is an answer without candidates: a content filter", () => {
  const blocked = { promptFeedback: { blockReason: "PROHIBITED_CONTENT" }, ...HEAD, ...usage(7) };
  const { end, facts, answer, hasToken } = watch([blocked]);
  expect({ end, hasToken, answer }).toEqual({ end: "", hasToken: false, answer: blocked });
  expect(facts).toMatchObject({
    finishReasons: [FinishReason.FINISH_REASON_CONTENT_FILTER],
    usage: { inputTokens: 7n, outputTokens: 0n },
    usageIsPartial: false,
  });
});

test("no more is kept than the limit allows, whatever a provider sends, and the counts are read all the same", () => {
  const many = <T>(make: (at: number) => T) => Array.from({ length: 60 }, (_, at) => make(at));
  const last = { ...chunk([], { finishReason: "STOP" }, 0), ...usage(3, 4) };
  for (const chunks of [
    many(() => text("x".repeat(100))),
    many(() => chunk([{ text: "", thoughtSignature: "y".repeat(100) }])),
    many((at) => chunk([{ functionCall: { name: `n${at}`, args: {} } }])),
    many((at) => text("", { [`k${at}${"y".repeat(50)}`]: true })),
    many((at) => ({ [`k${at}${"y".repeat(50)}`]: true })),
    [chunk(Array(1_000).fill({}))],
  ]) {
    const seen = watch([...chunks, last], { payloadBytesMax: 1_000 });
    expect(seen.truncated).toBe(true);
    expect(JSON.stringify(seen.answer).length).toBeLessThan(1_600);
    expect(seen.facts).toMatchObject({
      usage: { inputTokens: 3n, outputTokens: 4n },
      usageIsPartial: false,
      responseId: "r1",
      finishReasons: [expect.any(Number)],
    });
  }
  const far = [-1, 0.5, 64, "0"].map((index) => ({ candidates: [{ index, content: { parts: [{ text: "t" }] } }] }));
  expect(watch(far).answer).toBeUndefined();
});

test("figures that grow from chunk to chunk do not use up the room of the answer", () => {
  const chunks = Array.from({ length: 500 }, (_, at) => ({ ...text("x"), ...usage(3, at) }));
  expect(watch(chunks, { payloadBytesMax: 1_500 })).toMatchObject({ truncated: false });
});

test("keys that mean something to JavaScript are keys like any other", () => {
  const stream =
    'data: {"candidates":[{"content":{"parts":[{"text":"a"},{"text":"b","__proto__":{"polluted":"yes"}}],' +
    '"constructor":"c"},"__proto__":{"polluted":"yes"}}],"__proto__":{"polluted":"yes"}}\n\n';
  const { answer } = watchText(geminiStreamGenerateContent, stream);
  expect(Object.keys(answer)).toEqual(["candidates", "__proto__"]);
  expect(Object.keys(answer.candidates[0])).toEqual(["content", "__proto__"]);
  expect(answer.candidates[0].content.parts).toHaveLength(2);
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
});
