import type { LanguageModelV4CallOptions, LanguageModelV4FunctionTool } from "@ai-sdk/provider";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { DecodedChat } from "../codec.ts";
import { type Fields, readBody } from "../fields.ts";
import { given } from "../given.ts";
import { NO_PARAMETERS, schemaIn } from "../json-schema.ts";
import { openAiExtrasOf } from "../openai-extras.ts";
import { promptOf } from "./prompt.ts";
import { refuseTheRest } from "./refused-fields.ts";

const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const;

/** Reads a chat completion request. Every field that OpenAI knows is translated, refused, or means nothing elsewhere. */
export function decode(invocation: Invocation): DecodedChat {
  return readBody(invocation, (request) => {
    const decoded = {
      options: optionsOf(request),
      extras: openAiExtrasOf(request),
      streaming: request.flag("stream") ?? false,
      includesUsage: request.object("stream_options", includesUsageOf) ?? false,
    };
    refuseTheRest(request);
    return decoded;
  });
}

function optionsOf(request: Fields): LanguageModelV4CallOptions {
  const older = request.count("max_tokens");
  return {
    prompt: promptOf(request),
    ...given("maxOutputTokens", request.count("max_completion_tokens") ?? older),
    ...given("temperature", request.number("temperature")),
    ...given("topP", request.number("top_p")),
    ...given("presencePenalty", request.number("presence_penalty") || undefined),
    ...given("frequencyPenalty", request.number("frequency_penalty") || undefined),
    ...given("seed", request.number("seed")),
    ...given("stopSequences", stopOf(request)),
    ...given("reasoning", request.word("reasoning_effort", EFFORTS)),
    ...given("responseFormat", request.object("response_format", responseFormatOf)),
    ...given("tools", toolsOf(request)),
    ...given("toolChoice", toolChoiceOf(request)),
  };
}

function includesUsageOf(options: Fields): boolean {
  options.leaveOut("include_obfuscation");
  return options.flag("include_usage") ?? false;
}

function stopOf(request: Fields): string[] | undefined {
  const stop = request.value("stop");
  return typeof stop === "string" ? [stop] : request.texts("stop")?.slice();
}

function responseFormatOf(format: Fields): LanguageModelV4CallOptions["responseFormat"] {
  switch (format.word("type", ["text", "json_object", "json_schema"])) {
    case "json_object":
      return { type: "json" };
    case "json_schema":
      return format.object("json_schema", jsonFormatOf) ?? { type: "json" };
    default:
      return undefined;
  }
}

function jsonFormatOf(described: Fields) {
  // Where a provider can hold to a schema it always does.
  described.flag("strict");
  return {
    type: "json",
    ...given("schema", schemaIn(described, "schema")),
    ...given("name", described.text("name")),
    ...given("description", described.text("description")),
  } as const;
}

function toolsOf(request: Fields): LanguageModelV4FunctionTool[] | undefined {
  const tools = request.list("tools", (tool) => {
    tool.allowOnly("type", ["function"], "other providers have no tools of this type");
    return tool.requiredObject("function", toolOf);
  });
  return tools.length === 0 ? undefined : [...tools];
}

function toolOf(described: Fields): LanguageModelV4FunctionTool {
  return {
    type: "function",
    name: described.requiredText("name"),
    inputSchema: schemaIn(described, "parameters") ?? NO_PARAMETERS,
    ...given("description", described.text("description")),
    ...given("strict", described.flag("strict") || undefined),
  };
}

function toolChoiceOf(request: Fields): LanguageModelV4CallOptions["toolChoice"] {
  if (typeof request.value("tool_choice") === "string") {
    const type = request.word("tool_choice", ["auto", "none", "required"]);
    return type && { type };
  }
  return request.object("tool_choice", (choice) => {
    choice.allowOnly("type", ["function"], "other providers have no choice of this type");
    return {
      type: "tool",
      toolName: choice.requiredObject("function", (named) => named.requiredText("name")),
    } as const;
  });
}
