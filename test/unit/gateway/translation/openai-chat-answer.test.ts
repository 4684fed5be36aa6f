import type { LanguageModelV4GenerateResult, LanguageModelV4StreamPart, LanguageModelV4Usage } from "@ai-sdk/provider";
import { expect, test } from "vitest";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { openAiChatCodec as codec } from "../../../../services/gateway/translation/openai-chat/openai-chat.ts";
import { invocationOf, refusalOf } from "./field-coverage.ts";

const NAMES = { id: "0123456789abcdef01234567", model: "asked-model", createdSeconds: 1_700_000_000 };
const USAGE: LanguageModelV4Usage = {
  inputTokens: { total: 12, noCache: 5, cacheRead: 4, cacheWrite: 3 },
  outputTokens: { total: 9, text: 7, reasoning: 2 },
};
const NO_USAGE: LanguageModelV4Usage = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};
const TOLD_USAGE = {
  prompt_tokens: 12,
  completion_tokens: 9,
  total_tokens: 21,
  prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
  completion_tokens_details: { reasoning_tokens: 2 },
};
const CALL = { type: "tool-call", toolCallId: "c1", toolName: "f", input: '{"a":1}' } as const;
const SOURCE = { type: "source", sourceType: "url", id: "s", url: "https://a.example/", title: "A" } as const;

function decoded(includesUsage: boolean) {
  const options = { include_usage: includesUsage };
  const messages = [{ role: "user", content: "x" }];
  const body = { model: "m", messages, stream: true, stream_options: options };
  return codec.decode(invocationOf(Dialect.DIALECT_OPENAI_CHAT, body));
}

function whole(content: LanguageModelV4GenerateResult["content"], also: Partial<LanguageModelV4GenerateResult> = {}) {
  const finishReason = { unified: "stop", raw: "end" } as const;
  const answer = { content, finishReason, usage: USAGE, warnings: [], ...also };
  return JSON.parse(codec.encodeAnswer(answer, NAMES, decoded(false)).toString());
}

/** The chunks of a stream, and whether it ended as OpenAI's do. */
function streamed(parts: readonly LanguageModelV4StreamPart[], includesUsage = false) {
  const encoder = codec.createStreamEncoder(NAMES, decoded(includesUsage));
  const bytes = Buffer.concat([...parts.map((part) => encoder.encode(part)), encoder.end()]).toString();
  const events = bytes.trimEnd().split("\n\n");
  expect(events.pop()).toBe("data: [DONE]");
  return events.map((event) => JSON.parse(event.replace(/^data: /, "")));
}

test("an answer bears the provider's id and model, or else ours", () => {
  const response = { id: "msg_1", modelId: "claude-x" };
  expect(whole([], { response })).toMatchObject({ id: "msg_1", model: "claude-x", created: 1_700_000_000 });
  expect(whole([])).toMatchObject({ id: `chatcmpl-${NAMES.id}`, model: "asked-model" });
});

test("an answer has its text, its reasoning, its calls, its sources and its usage", () => {
  const answer = whole([{ type: "reasoning", text: "hm" }, { type: "text", text: "well" }, CALL, SOURCE]);
  expect(answer.choices).toEqual([
    {
      index: 0,
      message: {
        role: "assistant",
        content: "well",
        refusal: null,
        reasoning_content: "hm",
        tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
        annotations: [
          {
            type: "url_citation",
            url_citation: { start_index: 0, end_index: 0, url: "https://a.example/", title: "A" },
          },
        ],
      },
      logprobs: null,
      finish_reason: "stop",
    },
  ]);
  expect(answer.usage).toEqual(TOLD_USAGE);
  expect(whole([CALL]).choices[0].message.content).toBeNull();
  expect(whole([], { usage: NO_USAGE })).not.toHaveProperty("usage");
});

test("why an answer ended is told in OpenAI's words", () => {
  const words = ["stop", "length", "tool-calls", "content-filter", "error", "other"] as const;
  const told = words.map((unified) => whole([], { finishReason: { unified, raw: "x" } }).choices[0].finish_reason);
  expect(told).toEqual(["stop", "length", "tool_calls", "content_filter", "stop", "stop"]);
});

test("what chat completions have no place for is not left out of an answer", () => {
  const file = { type: "file", mediaType: "image/png", data: { type: "data", data: "aGk=" } } as const;
  expect(refusalOf(() => whole([file])).kind).toBe("untranslatable");
  expect(refusalOf(() => streamed([file])).kind).toBe("untranslatable");
});

test("a stream says who speaks, then what, then why it ended", () => {
  const chunks = streamed([
    { type: "response-metadata", id: "msg_1", modelId: "claude-x" },
    { type: "reasoning-delta", id: "r", delta: "hm" },
    { type: "text-delta", id: "t", delta: "we" },
    { type: "text-delta", id: "t", delta: "" },
    { type: "text-delta", id: "t", delta: "ll" },
    { type: "finish", finishReason: { unified: "stop", raw: "end" }, usage: USAGE },
  ]);
  for (const chunk of chunks) expect(chunk).toMatchObject({ id: "msg_1", model: "claude-x" });
  expect(chunks.map(({ choices }) => choices[0].delta)).toEqual([
    { role: "assistant", content: "", refusal: null },
    { reasoning_content: "hm" },
    { content: "we" },
    { content: "ll" },
    {},
  ]);
  expect(chunks.at(-1).choices[0].finish_reason).toBe("stop");
  for (const chunk of chunks) expect(chunk).not.toHaveProperty("usage");
});

test("a stream whose usage was asked for tells it in a last chunk of its own, and null before", () => {
  const chunks = streamed([{ type: "finish", finishReason: { unified: "stop", raw: "x" }, usage: USAGE }], true);
  expect(chunks.map(({ usage }) => usage)).toEqual([null, null, TOLD_USAGE]);
  expect(chunks.at(-1).choices).toEqual([]);
});

test("calls come piece by piece or at once, each at its place and said once", () => {
  const chunks = streamed([
    { type: "tool-input-start", id: "c1", toolName: "f" },
    { type: "tool-input-delta", id: "c1", delta: '{"a":' },
    { type: "tool-input-delta", id: "c1", delta: "1}" },
    { type: "tool-input-end", id: "c1" },
    CALL,
    { ...CALL, toolCallId: "c2" },
    { type: "finish", finishReason: { unified: "tool-calls", raw: "x" }, usage: USAGE },
  ]);
  expect(chunks.flatMap(({ choices }) => choices[0].delta.tool_calls ?? [])).toEqual([
    { index: 0, id: "c1", type: "function", function: { name: "f", arguments: "" } },
    { index: 0, function: { arguments: '{"a":' } },
    { index: 0, function: { arguments: "1}" } },
    { index: 1, id: "c2", type: "function", function: { name: "f", arguments: '{"a":1}' } },
  ]);
});

test("a failure is told as OpenAI tells it, in a body and in a stream", () => {
  expect(codec.errorObject(404, "no such model")).toEqual({
    error: { message: "no such model", type: "not_found_error", param: null, code: null },
  });
  const event = codec.createStreamEncoder(NAMES, decoded(false)).error("overloaded").toString();
  expect(JSON.parse(event.replace(/^data: /, "")).error).toMatchObject({ message: "overloaded", type: "server_error" });
  expect(event.endsWith("\n\n")).toBe(true);
});
