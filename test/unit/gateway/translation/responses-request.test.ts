import type OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { sealOf } from "../../../../services/gateway/translation/carried-metadata.ts";
import { openAiResponsesCodec as codec } from "../../../../services/gateway/translation/openai-responses/openai-responses.ts";
import { describeDocumented, describeFields, type FieldCase, invocationOf, refusalOf } from "./field-coverage.ts";

type RequestField = keyof OpenAI.Responses.ResponseCreateParamsStreaming;

function decode(more: object) {
  return codec.decode(invocationOf(Dialect.DIALECT_OPENAI_RESPONSES, { model: "an-endpoint", input: "hi", ...more }));
}

function promptOf(...input: readonly object[]) {
  return decode({ input }).options.prompt;
}

const SCHEMA = { type: "object", properties: { city: { type: "string" } } };
const TOOL = { type: "function", name: "look_up", parameters: SCHEMA };
const CALL = { type: "function_call", call_id: "call_1", name: "look_up", arguments: '{"city":"Bern"}' };
const CALLED = { type: "tool-call", toolCallId: "call_1", toolName: "look_up", input: { city: "Bern" } };

const REQUEST: Readonly<Record<RequestField, FieldCase>> = {
  access_programs: { refused: { x: 1 } },
  background: { refused: true },
  context_management: { refused: [{ type: "compaction" }] },
  conversation: { refused: "conv_1" },
  image: { refused: { x: 1 } },
  include: { refused: ["message.output_text.logprobs"] },
  input: { translated: "bye" },
  instructions: { translated: "be brief" },
  max_output_tokens: { translated: 7 },
  max_tool_calls: { leftOut: 3 },
  metadata: { refused: { a: "b" } },
  model: "required",
  moderation: { refused: { x: 1 } },
  parallel_tool_calls: { translated: false },
  previous_response_id: { refused: "resp_1" },
  prompt: { refused: { id: "pmpt_1" } },
  prompt_cache_key: { leftOut: "k" },
  prompt_cache_options: { leftOut: { x: 1 } },
  prompt_cache_retention: { leftOut: "24h" },
  reasoning: { translated: { effort: "low", summary: "auto" } },
  safety_identifier: { translated: "u-1" },
  service_tier: { refused: "priority" },
  store: { refused: true },
  stream: { translated: true },
  stream_options: { leftOut: { include_obfuscation: false } },
  temperature: { translated: 0.5 },
  text: { translated: { format: { type: "json_object" } } },
  tool_choice: { translated: "required" },
  tools: { translated: [TOOL] },
  top_logprobs: { refused: 3 },
  top_p: { translated: 0.4 },
  truncation: { refused: "auto" },
  user: { translated: "u-1" },
};
describeFields("a request of OpenAI's responses", REQUEST, decode);
describeDocumented("## OpenAI's responses", REQUEST);

const TOOL_FIELDS: Readonly<Record<keyof OpenAI.Responses.FunctionTool, FieldCase>> = {
  type: "required",
  name: { translated: "other" },
  parameters: { translated: { type: "object" } },
  strict: { translated: true },
  allowed_callers: { refused: ["programmatic"] },
  async: { refused: true },
  defer_loading: { refused: true },
  description: { translated: "looks things up" },
  output_schema: { refused: { type: "object" } },
};
describeFields("a tool", TOOL_FIELDS, (field) => decode({ tools: [{ ...TOOL, ...field }] }));

const IMAGE_FIELDS: Readonly<Record<keyof OpenAI.Responses.ResponseInputImage, FieldCase>> = {
  type: "required",
  detail: { refused: "high" },
  file_id: { refused: "file_1" },
  image_url: { translated: "https://example.com/b.png" },
  prompt_cache_breakpoint: { leftOut: { mode: "explicit" } },
};
const IMAGE = { type: "input_image", image_url: "https://example.com/a.png" };
describeFields("an image", IMAGE_FIELDS, (field) => promptOf({ role: "user", content: [{ ...IMAGE, ...field }] }));

const FILE_FIELDS: Readonly<Record<keyof OpenAI.Responses.ResponseInputFile, FieldCase>> = {
  type: "required",
  detail: { refused: "high" },
  file_data: { translated: "data:application/pdf;base64,aGkh" },
  file_id: { refused: "file_1" },
  file_url: { translated: "https://example.com/a.pdf" },
  filename: { translated: "a.pdf" },
  prompt_cache_breakpoint: { leftOut: { mode: "explicit" } },
};
const FILE = { type: "input_file", file_data: "data:application/pdf;base64,aGk=" };
describeFields("a file", FILE_FIELDS, (field) => {
  const file = "file_url" in field ? { type: "input_file" } : FILE;
  return promptOf({ role: "user", content: [{ ...file, ...field }] });
});

const CALL_FIELDS: Readonly<Record<keyof OpenAI.Responses.ResponseFunctionToolCall, FieldCase>> = {
  type: "required",
  arguments: { translated: "{}" },
  call_id: { translated: "call_2" },
  name: { translated: "other" },
  id: { leftOut: "fc_1" },
  async: { refused: true },
  caller: { refused: { type: "program", caller_id: "x" }, field: "type" },
  namespace: { refused: "ns" },
  status: { leftOut: "completed" },
};
describeFields("the call of a tool", CALL_FIELDS, (field) => promptOf({ ...CALL, ...field }));

const OUTPUT_FIELDS: Readonly<Record<keyof OpenAI.Responses.ResponseInputItem.FunctionCallOutput, FieldCase>> = {
  type: "required",
  output: { translated: "rainy" },
  call_id: "required",
  id: { leftOut: "fco_1" },
  caller: { refused: { type: "program", caller_id: "x" }, field: "type" },
  name: { leftOut: "look_up" },
  namespace: { refused: "ns" },
  status: { leftOut: "completed" },
};
describeFields("the result of a tool", OUTPUT_FIELDS, (field) =>
  promptOf(CALL, { type: "function_call_output", call_id: "call_1", output: "sunny", ...field }),
);

const REASONING_FIELDS: Readonly<Record<keyof OpenAI.Responses.ResponseReasoningItem, FieldCase>> = {
  type: "required",
  id: { translated: "rs_2" },
  summary: { translated: [{ type: "summary_text", text: "hm" }] },
  content: { translated: [{ type: "reasoning_text", text: "hm" }] },
  encrypted_content: { translated: "other" },
  status: { leftOut: "completed" },
};
describeFields("reasoning", REASONING_FIELDS, (field) =>
  promptOf(
    { role: "user", content: "hi" },
    { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "x", ...field },
  ),
);

describe("a conversation of OpenAI's items", () => {
  it("has what one side says without a break as one message", () => {
    const said = {
      type: "message",
      role: "assistant",
      content: [{ type: "output_text", text: "Let me see.", annotations: [] }],
    };
    const output = [
      { type: "input_text", text: "sunny" },
      { type: "input_image", image_url: "data:image/png;base64,aGk=" },
    ];
    const items = [
      { role: "developer", content: "be brief" },
      { role: "user", content: "hi" },
      said,
      CALL,
      { ...CALL, call_id: "call_2" },
      { type: "function_call_output", call_id: "call_1", output: "sunny" },
      { type: "function_call_output", call_id: "call_2", output },
    ];
    expect(promptOf(...items)).toEqual([
      { role: "system", content: "be brief" },
      { role: "user", content: [{ type: "text", text: "hi" }] },
      {
        role: "assistant",
        content: [{ type: "text", text: "Let me see." }, CALLED, { ...CALLED, toolCallId: "call_2" }],
      },
      {
        role: "tool",
        content: [
          { type: "tool-result", toolCallId: "call_1", toolName: "look_up", output: { type: "text", value: "sunny" } },
          {
            type: "tool-result",
            toolCallId: "call_2",
            toolName: "look_up",
            output: {
              type: "content",
              value: [
                { type: "text", text: "sunny" },
                { type: "file", mediaType: "image/png", data: { type: "data", data: "aGk=" } },
              ],
            },
          },
        ],
      },
    ]);
  });

  it("gives reasoning back to whoever reasoned", () => {
    const sealed = sealOf({ anthropic: { signature: "sig" } });
    const ofTheCall = sealOf({ google: { thoughtSignature: "Y2FsbA==" } }, "next");
    const [message] = promptOf(
      { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "a" }], encrypted_content: sealed },
      { type: "reasoning", id: "rs_2", summary: [], encrypted_content: "openais" },
      { type: "reasoning", id: "rs_3", summary: [], encrypted_content: ofTheCall },
      CALL,
    );
    expect(message?.content).toEqual([
      { type: "reasoning", text: "a", providerOptions: { anthropic: { signature: "sig" } } },
      {
        type: "reasoning",
        text: "",
        providerOptions: { openai: { itemId: "rs_2", reasoningEncryptedContent: "openais" } },
      },
      { ...CALLED, providerOptions: { google: { thoughtSignature: "Y2FsbA==" } } },
    ]);
  });

  it("is asked for an answer of a schema", () => {
    const format = { type: "json_schema", name: "place", schema: SCHEMA, strict: true };
    expect(decode({ text: { format } }).options.responseFormat).toEqual({
      type: "json",
      name: "place",
      schema: SCHEMA,
    });
  });
});

describe("a request that is not of OpenAI's format", () => {
  it.each([
    ["input", { input: [] }],
    ["input", { input: undefined }],
    ["input[0].role", { input: [{ role: "tool", content: "x" }] }],
    ["input[0].content", { input: [{ role: "user" }] }],
    ["input[0].arguments", { input: [{ ...CALL, arguments: "[" }] }],
    ["input[0].call_id", { input: [{ type: "function_call_output", call_id: "x", output: "y" }] }],
    [
      "input[0].content[0].image_url",
      { input: [{ role: "user", content: [{ type: "input_image", image_url: "x" }] }] },
    ],
    ["text.format.schema", { text: { format: { type: "json_schema", name: "x" } } }],
    ["reasoning.effort", { reasoning: { effort: "much" } }],
  ])("is refused with the field: %s", (field, more) => {
    expect(refusalOf(() => decode(more))).toMatchObject({ kind: "invalid_request", field });
  });

  it.each([
    ["tools[0].type", { tools: [{ type: "web_search" }] }],
    ["tools[0].type", { tools: [{ type: "custom", name: "x" }] }],
    ["tool_choice.type", { tool_choice: { type: "allowed_tools", mode: "auto", tools: [] } }],
    ["input[0].type", { input: [{ type: "item_reference", id: "msg_1" }] }],
    ["input[0].type", { input: [{ type: "computer_call_output" }] }],
    ["reasoning.mode", { reasoning: { mode: "pro" } }],
    ["text.verbosity", { text: { verbosity: "low" } }],
  ])("cannot be translated when it is OpenAI's own: %s", (field, more) => {
    expect(refusalOf(() => decode(more))).toMatchObject({ kind: "untranslatable", field });
  });
});
