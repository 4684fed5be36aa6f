import type Anthropic from "@anthropic-ai/sdk";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { anthropicMessagesCodec as codec } from "../../../../services/gateway/translation/anthropic/anthropic-messages.ts";
import { describeDocumented, describeFields, type FieldCase, invocationOf } from "./field-coverage.ts";

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
describeDocumented("## Anthropic's messages", REQUEST);

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
