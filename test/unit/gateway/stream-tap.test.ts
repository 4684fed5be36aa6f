import fc from "fast-check";
import { expect, test } from "vitest";
import { ProviderError } from "../../../services/gateway/core/provider-error.ts";
import type { StreamTapOptions } from "../../../services/gateway/dialects/dialect.ts";
import { openAiChat } from "../../../services/gateway/dialects/openai-chat/openai-chat.ts";
import { expectCutsMakeNoDifference, watchText as watched } from "./watched-stream.ts";

interface Chunk {
  readonly choices: readonly object[];
  readonly usage?: object | null;
  readonly [field: string]: unknown;
}

const HEAD = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 7, model: "gpt-x" };
const USAGE = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8, prompt_tokens_details: { cached_tokens: 2 } };
const DONE = "data: [DONE]\n\n";

const eventOf = (chunk: object, end = "\n") => `data: ${JSON.stringify(chunk)}${end}${end}`;
const choice = (index: number, delta: object, reason: string | null = null) => ({
  ...HEAD,
  choices: [{ index, delta, finish_reason: reason }],
});

const watchText = (text: string, options: Partial<StreamTapOptions> = {}) => watched(openAiChat, text, options);

const delta = fc.oneof(
  fc.record({ content: fc.string({ unit: "grapheme", maxLength: 5 }) }),
  fc.record({ role: fc.constant("assistant"), content: fc.constant(""), refusal: fc.constant(null) }),
  fc.record({ reasoning_content: fc.string({ maxLength: 4 }), content: fc.constant(null) }),
  fc
    .record({ index: fc.nat(2), function: fc.record({ arguments: fc.string({ maxLength: 4 }) }) })
    .map((call) => ({ tool_calls: [call] })),
  fc.constant({}),
);
const piece = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.nat(2), delta).map(([index, part]) => eventOf(choice(index, part))) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(2), delta)
      .map(([index, part]) => eventOf({ ...choice(index, part), usage: null }, "\r\n")),
  },
  { weight: 1, arbitrary: fc.constant(": keep-alive\n\n") },
  { weight: 2, arbitrary: fc.nat(2).map((index) => eventOf(choice(index, {}, "stop"))) },
  { weight: 1, arbitrary: fc.constant(eventOf({ ...HEAD, choices: [], usage: USAGE })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      DONE,
      "data: garbage\n\n",
      eventOf({ error: { message: "no" } }),
      "data: {",
      `data: ${"x".repeat(300)}\n\n`,
    ),
  },
);
const stream = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(""));

test("wherever the network cuts a stream, the same goes on, byte for byte, and the same is known of it", () => {
  expectCutsMakeNoDifference(openAiChat, stream);
});

test("usage that the caller did not ask for is taken out, and nothing else", () => {
  const nested = { ...HEAD, choices: [{ index: 0, delta: { content: ',"usage":null' }, usage: null }], usage: null };
  const text = [
    eventOf({ ...choice(0, { content: "a" }), usage: null }),
    eventOf(nested, "\r\n"),
    eventOf({ ...HEAD, choices: [], usage: null, prompt_filter_results: [] }),
    eventOf({ ...choice(0, {}, "stop"), usage: USAGE }),
    eventOf({ ...HEAD, choices: [], usage: USAGE }),
    DONE,
  ].join("");
  const { passed, end, facts } = watchText(text, { withholdUsage: true });
  const chunks: Chunk[] = passed.split(/\r?\n\r?\n/).flatMap((event) => (event ? [JSON.parse(event.slice(5))] : []));
  expect(chunks).toHaveLength(4);
  expect(chunks.slice(0, 3).every((chunk) => !("usage" in chunk))).toBe(true);
  expect(chunks[1]?.choices).toEqual(nested.choices);
  expect(chunks[3]?.usage).toEqual(USAGE);
  expect(end).toBe(DONE);
  expect(facts.usage).toMatchObject({ inputTokens: 3n, outputTokens: 5n, totalTokens: 8n, cacheReadInputTokens: 2n });
  expect(watchText(text)).toMatchObject({ passed: text.slice(0, -DONE.length), facts });
});

test("a stream comes to one answer: texts joined, choices and tool calls by index, what providers add kept", () => {
  const call = (index: number, part: object) => ({ tool_calls: [{ index, ...part }] });
  const text = [
    choice(1, { role: "assistant", content: "se" }),
    choice(0, { role: "assistant", content: "", reasoning_content: "hm" }),
    choice(0, call(1, { id: "c1", type: "function", function: { name: "b", arguments: "" } })),
    choice(0, call(0, { id: "c0", type: "function", function: { name: "a", arguments: "{" } })),
    choice(0, call(0, { id: "c0", function: { arguments: "}" } })),
    choice(1, { content: "cond" }),
    choice(0, { reasoning_content: "m" }, "tool_calls"),
    choice(1, {}, "something new"),
  ];
  const { answer, facts, hasToken, end } = watchText(text.map((chunk) => eventOf(chunk)).join(""));
  expect(answer).toEqual({
    ...HEAD,
    object: "chat.completion",
    choices: [
      {
        index: 0,
        finish_reason: "tool_calls",
        message: {
          role: "assistant",
          content: "",
          reasoning_content: "hmm",
          tool_calls: [
            { index: 0, id: "c0", type: "function", function: { name: "a", arguments: "{}" } },
            { index: 1, id: "c1", type: "function", function: { name: "b", arguments: "" } },
          ],
        },
      },
      { index: 1, finish_reason: "something new", message: { role: "assistant", content: "second" } },
    ],
  });
  expect(facts).toMatchObject({ responseId: "chatcmpl-1", responseModel: "gpt-x", usage: undefined });
  expect(facts.finishReasons).toHaveLength(2);
  expect(hasToken).toBe(true);
  // A stream without [DONE] is whole when every choice has said why it ended.
  expect(end).toBe("");
});

test("usage is partial until its last count came, and is read where Groq says it", () => {
  const said = (...chunks: object[]) => watchText(chunks.map((chunk) => eventOf(chunk)).join("")).facts;
  const counting = { ...choice(0, { content: "a" }), usage: USAGE };
  expect(said(choice(0, { content: "a" }))).toMatchObject({ usage: undefined, usageIsPartial: true });
  expect(said(counting)).toMatchObject({ usage: { outputTokens: 5n }, usageIsPartial: true });
  expect(said(counting, { ...choice(0, {}, "stop"), usage: USAGE })).toMatchObject({ usageIsPartial: false });
  expect(said({ ...choice(0, {}, "stop"), x_groq: { id: "r", usage: USAGE } })).toMatchObject({
    usage: { inputTokens: 3n },
    usageIsPartial: false,
  });
});

test("a role is no token, an empty text neither", () => {
  expect(watchText(eventOf(choice(0, { role: "assistant", content: "", refusal: null }))).hasToken).toBe(false);
  expect(watchText(eventOf(choice(0, { content: "x" }))).hasToken).toBe(true);
});

test.each([
  ["nothing", "", "cut before its end"],
  ["a whole chunk", eventOf(choice(0, { content: "a" })), "cut before its end"],
  ["half a chunk", `${eventOf(choice(0, { content: "a" }))}data: {"id"`, "cut before its end"],
  ["no JSON", "data: no json\n\n", "not a chunk of an answer"],
  ["a list", "data: [1]\n\n", "not a chunk of an answer"],
  ["a long event", `data: ${"x".repeat(10_001)}\n\n`, "too long"],
  ["an error", eventOf({ error: { message: "secret" } }), "failed in the middle of its stream"],
])("a stream that ends with %s is no whole one", (_what, text, fault) => {
  const { end } = watchText(text);
  expect(end).toContain(fault);
  expect(end).not.toContain("secret");
});

test("a provider's own error event is kept as it came, and nothing after it is read", () => {
  const event = eventOf({ error: { message: "secret" } });
  const tap = openAiChat.createStreamTap({
    withholdUsage: true,
    contentType: "",
    eventBytesMax: 1_000,
    payloadBytesMax: 1_000,
  });
  expect(tap.push(Buffer.from(event + eventOf(choice(0, { content: "late" })) + DONE), 1n)).toHaveLength(0);
  expect(tap.isOver).toBe(true);
  expect(tap.reduced()).toBeUndefined();
  try {
    tap.end();
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject({ event: Buffer.from(event), kind: "provider_unavailable" });
  }
});

test("no more is kept than the limit allows, whatever a provider sends, and it says so", () => {
  const long = Array.from({ length: 40 }, () => eventOf(choice(0, { content: "x".repeat(100) }))).join("");
  const keys = Array.from({ length: 200 }, (_, at) => eventOf(choice(0, { [`k${at}${"y".repeat(50)}`]: true }))).join(
    "",
  );
  const items = eventOf(choice(0, { list: Array(5_000).fill(1) }));
  const texts = eventOf(choice(0, { list: Array(500).fill("a text of its own") }));
  for (const text of [long, keys, items, texts]) {
    const { answer, truncated } = watchText(text, { payloadBytesMax: 1_000, eventBytesMax: 100_000 });
    expect(truncated).toBe(true);
    expect(JSON.stringify(answer).length).toBeLessThan(1_600);
  }
  const far = [-1, 0.5, 1e9, 1024].map((index) => eventOf(choice(0, { list: [{ index, text: "t" }] }))).join("");
  expect(watchText(far).answer.choices[0].message.list).toEqual([]);
});

test("keys that mean something to JavaScript are keys like any other", () => {
  const { answer } = watchText('data: {"choices":[{"delta":{"__proto__":{"polluted":"yes"},"constructor":"c"}}]}\n\n');
  expect(Object.keys(answer.choices[0].message)).toEqual(["role", "content", "__proto__", "constructor"]);
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
});

test("a chunk that is nested without end is refused, and costs no stack", () => {
  const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
  for (const text of [
    `{"choices":[{"delta":${deep}}]}`,
    `{"choices":[],"usage":${deep}}`,
    `{"choices":[],"x":${deep}}`,
  ]) {
    const { end, answer } = watchText(`data: ${text}\n\n`, { eventBytesMax: 1_000_000 });
    expect(end).toContain("not a chunk of an answer");
    expect(answer).toBeUndefined();
  }
});
