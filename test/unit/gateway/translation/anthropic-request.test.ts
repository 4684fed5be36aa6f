import { describe, expect, it } from "vitest";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { anthropicMessagesCodec as codec } from "../../../../services/gateway/translation/anthropic/anthropic-messages.ts";
import { sealOf } from "../../../../services/gateway/translation/carried-metadata.ts";
import { invocationOf, refusalOf } from "./field-coverage.ts";

const ASKED = { role: "user", content: "hi" };
const SCHEMA = { type: "object", properties: { city: { type: "string" } } };
const TOOL = { name: "look_up", input_schema: SCHEMA };
const CALL = { type: "tool_use", id: "toolu_1", name: "look_up", input: { city: "Bern" } };
const CACHED = { cache_control: { type: "ephemeral", ttl: "1h" } };
const IMAGE = { type: "image", source: { type: "base64", media_type: "image/png", data: "aGk=" } };

function decode(more: object) {
  const body = { model: "an-endpoint", max_tokens: 100, messages: [ASKED], ...more };
  return codec.decode(invocationOf(Dialect.DIALECT_ANTHROPIC_MESSAGES, body));
}

function promptOf(...messages: readonly object[]) {
  return decode({ messages }).options.prompt;
}

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
