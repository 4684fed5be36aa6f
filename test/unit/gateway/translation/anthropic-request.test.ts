import type Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it } from "vitest";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { anthropicMessagesCodec as codec } from "../../../../services/gateway/translation/anthropic/anthropic-messages.ts";
import { sealOf } from "../../../../services/gateway/translation/carried-metadata.ts";
import { describeFields, type FieldCase, invocationOf, refusalOf } from "../../../helpers/field-coverage.ts";

const ASKED = { role: "user", content: "hi" };
const BASE = { model: "an-endpoint", max_tokens: 100, messages: [ASKED] };

function decode(more: object) {
  return codec.decode(invocationOf(Dialect.DIALECT_ANTHROPIC_MESSAGES, { ...BASE, ...more }));
}

function promptOf(...messages: readonly object[]) {
  return decode({ messages }).options.prompt;
}

const SCHEMA = { type: "object", properties: { city: { type: "string" } } };
const TOOL = { name: "look_up", input_schema: SCHEMA };
const CALL = { type: "tool_use", id: "toolu_1", name: "look_up", input: { city: "Bern" } };
const CACHED = { cache_control: { type: "ephemeral", ttl: "1h" } };

/** The sampling parameters are in the API, and in older SDKs. */
type RequestField = keyof Anthropic.MessageCreateParamsStreaming | "temperature" | "top_k" | "top_p";

const REQUEST: Readonly<Record<RequestField, FieldCase>> = {
  model: "required",
  max_tokens: { translated: 7 },
  messages: { translated: [{ role: "user", content: "bye" }] },
  cache_control: { translated: { type: "ephemeral" } },
  container: { refused: "container_1" },
  diagnostics: { refused: { previous_message_id: "msg_1" } },
  inference_geo: { refused: "eu" },
  metadata: { translated: { user_id: "u-1" } },
  output_config: { translated: { effort: "low" } },
  service_tier: { leftOut: "standard_only" },
  speed: { refused: "fast" },
  stop_sequences: { translated: ["\n"] },
  stream: { translated: true },
  system: { translated: "be brief" },
  temperature: { translated: 0.5 },
  thinking: { translated: { type: "enabled", budget_tokens: 2_048 } },
  tool_choice: { translated: { type: "any" } },
  tools: { translated: [TOOL] },
  top_k: { translated: 4 },
  top_p: { translated: 0.4 },
  user_profile_id: { refused: "up_1" },
  workspace_id: { refused: "wrkspc_1" },
};
describeFields("a request of Anthropic's messages", REQUEST, decode);

const TOOL_FIELDS: Readonly<Record<keyof Anthropic.Tool, FieldCase>> = {
  name: { translated: "other" },
  input_schema: { translated: { type: "object" } },
  allowed_callers: { refused: ["code_execution_20260120"] },
  cache_control: { translated: { type: "ephemeral" } },
  defer_loading: { refused: true },
  description: { translated: "looks things up" },
  eager_input_streaming: { leftOut: true },
  input_examples: { refused: [{ city: "Bern" }] },
  strict: { translated: true },
  type: { leftOut: "custom" },
};
describeFields("a tool", TOOL_FIELDS, (field) => decode({ tools: [{ ...TOOL, ...field }] }));

const TEXT_FIELDS: Readonly<Record<keyof Anthropic.TextBlockParam, FieldCase>> = {
  type: "required",
  text: { translated: "bye" },
  cache_control: { translated: { type: "ephemeral" } },
  citations: { refused: [{ type: "char_location" }] },
};
describeFields("a text", TEXT_FIELDS, (field) =>
  promptOf({ role: "user", content: [{ type: "text", text: "hi", ...field }] }),
);

const IMAGE_FIELDS: Readonly<Record<keyof Anthropic.ImageBlockParam, FieldCase>> = {
  type: "required",
  source: { refused: { type: "file", file_id: "file_1" }, field: "type" },
  cache_control: { translated: { type: "ephemeral" } },
  transformations: { refused: { resize: true } },
};
const IMAGE = { type: "image", source: { type: "base64", media_type: "image/png", data: "aGk=" } };
describeFields("an image", IMAGE_FIELDS, (field) => promptOf({ role: "user", content: [{ ...IMAGE, ...field }] }));

const DOCUMENT_FIELDS: Readonly<Record<keyof Anthropic.DocumentBlockParam, FieldCase>> = {
  type: "required",
  source: { refused: { type: "content", content: "hi" }, field: "type" },
  cache_control: { translated: { type: "ephemeral" } },
  citations: { refused: { enabled: true }, field: "enabled" },
  context: { refused: "from the archive" },
  title: { translated: "Report" },
};
const DOCUMENT = { type: "document", source: { type: "base64", media_type: "application/pdf", data: "aGk=" } };
describeFields("a document", DOCUMENT_FIELDS, (field) =>
  promptOf({ role: "user", content: [{ ...DOCUMENT, ...field }] }),
);

const CALL_FIELDS: Readonly<Record<keyof Anthropic.ToolUseBlockParam, FieldCase>> = {
  type: "required",
  id: { translated: "toolu_2" },
  name: { translated: "other" },
  input: { translated: { city: "Ulm" } },
  cache_control: { translated: { type: "ephemeral" } },
  caller: { refused: { type: "code_execution_20260120", tool_id: "t" }, field: "type" },
  toolset_name: { refused: "browser" },
};
describeFields("the call of a tool", CALL_FIELDS, (field) =>
  promptOf(ASKED, { role: "assistant", content: [{ ...CALL, ...field }] }),
);

const RESULT_FIELDS: Readonly<Record<keyof Anthropic.ToolResultBlockParam, FieldCase>> = {
  type: "required",
  tool_use_id: "required",
  content: { translated: "sunny" },
  is_error: { translated: true },
  cache_control: { translated: { type: "ephemeral" } },
  toolset_name: { refused: "browser" },
};
describeFields("the result of a tool", RESULT_FIELDS, (field) =>
  promptOf(
    ASKED,
    { role: "assistant", content: [CALL] },
    {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "toolu_1", ...field }],
    },
  ),
);

describe("a conversation of Anthropic's", () => {
  it("keeps its order when results of tools stand among the user's own words", () => {
    const results = [
      { type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text: "sunny" }, IMAGE] },
      { type: "tool_result", tool_use_id: "toolu_1", content: "no such city", is_error: true },
      { type: "text", text: "and tomorrow?" },
    ];
    expect(promptOf(ASKED, { role: "assistant", content: [CALL] }, { role: "user", content: results })).toEqual([
      { role: "user", content: [{ type: "text", text: "hi" }] },
      {
        role: "assistant",
        content: [{ type: "tool-call", toolCallId: "toolu_1", toolName: "look_up", input: { city: "Bern" } }],
      },
      {
        role: "tool",
        content: [
          {
            type: "tool-result",
            toolCallId: "toolu_1",
            toolName: "look_up",
            output: {
              type: "content",
              value: [
                { type: "text", text: "sunny" },
                { type: "file", mediaType: "image/png", data: { type: "data", data: "aGk=" } },
              ],
            },
          },
          {
            type: "tool-result",
            toolCallId: "toolu_1",
            toolName: "look_up",
            output: { type: "error-text", value: "no such city" },
          },
        ],
      },
      { role: "user", content: [{ type: "text", text: "and tomorrow?" }] },
    ]);
  });

  it("has its system prompts as messages, with their hints for the cache", () => {
    const { prompt } = decode({ system: ["a", "b"].map((text) => ({ type: "text", text, ...CACHED })) }).options;
    const providerOptions = { anthropic: { cacheControl: { type: "ephemeral", ttl: "1h" } } };
    expect(prompt.slice(0, 2)).toEqual(["a", "b"].map((content) => ({ role: "system", content, providerOptions })));
  });

  it("gives signatures back to whoever made them", () => {
    const sealed = sealOf({ google: { thoughtSignature: "c2ln" } }) ?? "";
    const ofTheCall = sealOf({ google: { thoughtSignature: "Y2FsbA==" } }, "next") ?? "";
    const [, turn] = promptOf(ASKED, {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "a", signature: "claudes" },
        { type: "redacted_thinking", data: "hidden" },
        { type: "thinking", thinking: "b", signature: sealed },
        { type: "redacted_thinking", data: ofTheCall },
        CALL,
      ],
    });
    expect(turn?.content).toEqual([
      {
        type: "reasoning",
        text: "a",
        providerOptions: { anthropic: { signature: "claudes" }, amazonBedrock: { signature: "claudes" } },
      },
      {
        type: "reasoning",
        text: "",
        providerOptions: { anthropic: { redactedData: "hidden" }, amazonBedrock: { redactedData: "hidden" } },
      },
      { type: "reasoning", text: "b", providerOptions: { google: { thoughtSignature: "c2ln" } } },
      {
        type: "tool-call",
        toolCallId: "toolu_1",
        toolName: "look_up",
        input: { city: "Bern" },
        providerOptions: { google: { thoughtSignature: "Y2FsbA==" } },
      },
    ]);
  });

  it("has files by URL, of the type that their name tells", () => {
    const source = (url: string) => ({ type: "url", url });
    const content = [
      { type: "image", source: source("https://example.com/a.png") },
      { type: "image", source: source("https://example.com/a") },
      { type: "document", source: source("https://example.com/a.pdf?b") },
    ];
    const [message] = promptOf({ role: "user", content });
    const types = Array.isArray(message?.content)
      ? message.content.map((part) => ("mediaType" in part ? part.mediaType : ""))
      : [];
    expect(types).toEqual(["image/png", "image", "application/pdf"]);
  });
});

describe("what is asked of the answer", () => {
  it("is how much to think", () => {
    expect(decode({ thinking: { type: "disabled" } }).options.reasoning).toBe("none");
    expect(decode({ thinking: { type: "enabled", budget_tokens: 10_000 } }).options.reasoning).toBe("medium");
    const adaptive = { thinking: { type: "adaptive" }, output_config: { effort: "max" } };
    expect(decode(adaptive).options.reasoning).toBe("max");
  });

  it("is a schema", () => {
    const format = { type: "json_schema", schema: SCHEMA };
    expect(decode({ output_config: { format } }).options.responseFormat).toEqual({ type: "json", schema: SCHEMA });
  });

  it("is which tools to call, and how many at a time", () => {
    const choice = { type: "tool", name: "look_up", disable_parallel_tool_use: true };
    const { options, extras } = decode({ tools: [TOOL], tool_choice: choice });
    expect(options.toolChoice).toEqual({ type: "tool", toolName: "look_up" });
    expect(extras.singleToolCall).toEqual({ field: "tool_choice.disable_parallel_tool_use", value: true });
  });
});

describe("a request that is not of Anthropic's format", () => {
  it.each([
    ["max_tokens", { max_tokens: undefined }],
    ["messages", { messages: [] }],
    ["messages[0].role", { messages: [{ role: "tool", content: "x" }] }],
    ["messages[0].content", { messages: [{ role: "user" }] }],
    [
      "messages[0].content[0].tool_use_id",
      { messages: [{ role: "user", content: [{ type: "tool_result", tool_use_id: "x" }] }] },
    ],
    [
      "messages[0].content[0].source.url",
      { messages: [{ role: "user", content: [{ type: "image", source: { type: "url", url: "x" } }] }] },
    ],
    ["tools[0].input_schema", { tools: [{ name: "x" }] }],
    ["stop_sequences", { stop_sequences: "x" }],
  ])("is refused with the field: %s", (field, more) => {
    expect(refusalOf(() => decode(more))).toMatchObject({ kind: "invalid_request", field });
  });

  it.each([
    ["tools[0].type", { tools: [{ type: "web_search_20250305", name: "web_search" }] }],
    ["messages[0].content[0].type", { messages: [{ role: "user", content: [{ type: "search_result" }] }] }],
    ["mcp_servers", { mcp_servers: [{ name: "x" }] }],
    ["context_management", { context_management: { edits: [] } }],
    ["thinking.type", { thinking: { type: "between_tools" } }],
  ])("cannot be translated when it is Anthropic's own: %s", (field, more) => {
    expect(refusalOf(() => decode(more))).toMatchObject({ kind: "untranslatable", field });
  });
});
