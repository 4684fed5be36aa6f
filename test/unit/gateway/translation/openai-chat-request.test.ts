import type OpenAI from "openai";
import { expect, test } from "vitest";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { openAiChatCodec as codec } from "../../../../services/gateway/translation/openai-chat/openai-chat.ts";
import { describeDocumented, describeFields, type FieldCase, invocationOf, refusalOf } from "./field-coverage.ts";

const BASE = { model: "an-endpoint", messages: [{ role: "user", content: "hello" }] };

function decode(more: object) {
  return codec.decode(invocationOf(Dialect.DIALECT_OPENAI_CHAT, { ...BASE, ...more }));
}

/** How a request is refused. */
function refused(more: object) {
  const { kind, field } = refusalOf(() => decode(more));
  return { kind, field };
}

const TOOL = {
  type: "function",
  function: { name: "f", description: "d", parameters: { type: "object" }, strict: true },
};

const REQUEST: Readonly<Record<keyof OpenAI.ChatCompletionCreateParamsStreaming, FieldCase>> = {
  model: "required",
  messages: { translated: [{ role: "user", content: "bye" }] },
  audio: { refused: { voice: "alloy", format: "wav" } },
  frequency_penalty: { translated: 0.5 },
  function_call: { refused: { name: "f" } },
  functions: { refused: [{ name: "f" }] },
  logit_bias: { refused: { "50256": -100 } },
  logprobs: { refused: true },
  max_completion_tokens: { translated: 100 },
  max_tokens: { translated: 100 },
  metadata: { refused: { team: "a" } },
  modalities: { refused: ["text", "audio"] },
  moderation: { refused: { mode: "auto" } },
  n: { refused: 2 },
  parallel_tool_calls: { translated: false },
  prediction: { refused: { type: "content", content: "x" } },
  presence_penalty: { translated: 0.5 },
  prompt_cache_key: { leftOut: "k" },
  prompt_cache_options: { leftOut: { mode: "auto" } },
  prompt_cache_retention: { leftOut: "24h" },
  reasoning_effort: { translated: "high" },
  response_format: { translated: { type: "json_object" } },
  safety_identifier: { translated: "u-1" },
  seed: { translated: 7 },
  service_tier: { refused: "flex" },
  stop: { translated: ["a", "b"] },
  store: { refused: true },
  stream: { translated: true },
  stream_options: { translated: { include_usage: true } },
  temperature: { translated: 0.5 },
  tool_choice: { translated: "required" },
  tools: { translated: [TOOL] },
  top_logprobs: { refused: 2 },
  top_p: { translated: 0.5 },
  user: { translated: "u-1" },
  verbosity: { refused: "low" },
  web_search_options: { refused: { search_context_size: "low" } },
};
describeFields("a request of OpenAI's chat completions", REQUEST, decode);
describeDocumented("## OpenAI's chat completions", REQUEST);

const HARMLESS: readonly (readonly [field: string, ...values: readonly unknown[]])[] = [
  ["function_call", "auto", "none"],
  ["logit_bias", {}],
  ["logprobs", false],
  ["metadata", {}],
  ["modalities", ["text"]],
  ["n", 1],
  ["parallel_tool_calls", true],
  ["response_format", { type: "text" }],
  ["service_tier", "auto", "default"],
  ["store", false],
  ["stream_options", { include_obfuscation: false }],
  ["top_logprobs", 0],
  ["verbosity", "medium"],
];

for (const [field, ...values] of HARMLESS) {
  test(`${field} is left out where it says what holds without it`, () => {
    for (const value of [null, ...values]) expect(decode({ [field]: value })).toEqual(decode({}));
  });
}

test("what is asked goes over as it is meant", () => {
  const { options, extras } = decode({
    max_tokens: 9,
    max_completion_tokens: 100,
    stop: "a",
    tools: [TOOL],
    tool_choice: { type: "function", function: { name: "f" } },
    parallel_tool_calls: false,
    user: "older",
    safety_identifier: "u-1",
  });
  expect(options).toMatchObject({
    maxOutputTokens: 100,
    stopSequences: ["a"],
    tools: [{ type: "function", name: "f", description: "d", inputSchema: { type: "object" }, strict: true }],
    toolChoice: { type: "tool", toolName: "f" },
  });
  expect(extras).toEqual({
    singleToolCall: { field: "parallel_tool_calls", value: true },
    userId: { field: "safety_identifier", value: "u-1", isWish: true },
  });
});

test("fields that nobody knows are refused, at their place, and shown only where they can be names", () => {
  expect(refused({ nucleus: 1 })).toEqual({ kind: "untranslatable", field: "nucleus" });
  expect(refused({ "the secret": 1 })).toEqual({ kind: "untranslatable", field: "…" });
  const part = { type: "text", text: "a", colour: "red" };
  const at = "messages[0].content[0].colour";
  expect(refused({ messages: [{ role: "user", content: [part] }] })).toEqual({ kind: "untranslatable", field: at });
});

test("a conversation goes over with its system, its images, its files, its tools and their results", () => {
  const { options } = decode({
    messages: [
      { role: "system", content: "be brief" },
      { role: "developer", content: [{ type: "text", text: "be kind" }] },
      {
        role: "user",
        content: [
          { type: "text", text: "look" },
          { type: "image_url", image_url: { url: "data:image/png;base64,aGk=", detail: "auto" } },
          { type: "input_audio", input_audio: { data: "aGk=", format: "wav" } },
          { type: "file", file: { file_data: "data:application/pdf;base64,aGk=", filename: "a.pdf" } },
        ],
      },
      {
        role: "assistant",
        content: null,
        refusal: null,
        tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
      },
      { role: "tool", tool_call_id: "c1", content: "done" },
      { role: "assistant", content: "well" },
    ],
  });
  expect(options.prompt).toMatchObject([
    { role: "system", content: "be brief" },
    { role: "system", content: "be kind" },
    {
      role: "user",
      content: [
        { type: "text", text: "look" },
        { type: "file", mediaType: "image/png", data: { type: "data", data: "aGk=" } },
        { type: "file", mediaType: "audio/wav", data: { type: "data", data: "aGk=" } },
        { type: "file", mediaType: "application/pdf", filename: "a.pdf", data: { type: "data", data: "aGk=" } },
      ],
    },
    { role: "assistant", content: [{ type: "tool-call", toolCallId: "c1", toolName: "f", input: { a: 1 } }] },
    {
      role: "tool",
      content: [{ type: "tool-result", toolCallId: "c1", toolName: "f", output: { type: "text", value: "done" } }],
    },
    { role: "assistant", content: [{ type: "text", text: "well" }] },
  ]);
});

test("a schema for the answer goes over whole", () => {
  const schema = { type: "object", properties: { a: { type: "string" } } };
  const format = { type: "json_schema", json_schema: { name: "n", description: "d", strict: true, schema } };
  expect(decode({ response_format: format }).options.responseFormat).toEqual({
    type: "json",
    name: "n",
    description: "d",
    schema,
  });
});

const WRONG: readonly (readonly [what: string, request: object, field: string])[] = [
  ["no messages", { messages: [] }, "messages"],
  ["a role that is none", { messages: [{ role: "robot", content: "x" }] }, "messages[0].role"],
  ["no content", { messages: [{ role: "user" }] }, "messages[0].content"],
  ["a temperature in words", { temperature: "warm" }, "temperature"],
  [
    "a result of no call",
    { messages: [{ role: "tool", tool_call_id: "x", content: "y" }] },
    "messages[0].tool_call_id",
  ],
  [
    "arguments that are no JSON",
    { messages: [{ role: "assistant", tool_calls: [{ id: "c", function: { name: "f", arguments: "{" } }] }] },
    "messages[0].tool_calls[0].function.arguments",
  ],
  [
    "an image that is nowhere",
    { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "nowhere" } }] }] },
    "messages[0].content[0].image_url.url",
  ],
];

for (const [what, request, field] of WRONG) {
  test(`${what} is the caller's mistake, at its place`, () => {
    expect(refused(request)).toEqual({ kind: "invalid_request", field });
  });
}

const NO_PLACE: readonly (readonly [what: string, message: object, field: string])[] = [
  ["a participant's name", { role: "user", content: "x", name: "ann" }, "messages[0].name"],
  ["a function's message", { role: "function", content: "x" }, "messages[0].role"],
  ["spoken answers", { role: "assistant", audio: { id: "a" } }, "messages[0].audio"],
  [
    "an uploaded file",
    { role: "user", content: [{ type: "file", file: { file_id: "f" } }] },
    "messages[0].content[0].file.file_id",
  ],
  [
    "an image's detail",
    { role: "user", content: [{ type: "image_url", image_url: { url: "https://a.example/b.png", detail: "high" } }] },
    "messages[0].content[0].image_url.detail",
  ],
];

for (const [what, message, field] of NO_PLACE) {
  test(`${what} is refused by name`, () => {
    expect(refused({ messages: [message] })).toEqual({ kind: "untranslatable", field });
  });
}
