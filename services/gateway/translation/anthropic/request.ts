import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  LanguageModelV4Message,
  LanguageModelV4ToolChoice,
} from "@ai-sdk/provider";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { DecodedChat } from "../codec.ts";
import type { Extra } from "../extras.ts";
import { type Fields, readBody } from "../fields.ts";
import { given } from "../given.ts";
import { schemaIn } from "../json-schema.ts";
import { type ReasoningLevel, reasoningLevelOf } from "../reasoning-level.ts";
import { readMessages, systemPromptOf } from "./messages.ts";
import { cacheHintOf } from "./prompt-parts.ts";

const ANTHROPICS_OWN = "it is a feature of Anthropic's own";

/** Reads a request of Anthropic's messages. */
export function decodeRequest(invocation: Invocation): DecodedChat {
  return readBody(invocation, (request) => {
    // Which tier serves it says nothing to another provider, and changes nothing about the answer.
    request.leaveOut("model", "service_tier");
    request.allowOnly("speed", ["standard"], "other providers have no such choice");
    request.refuse(["container", "diagnostics", "inference_geo", "user_profile_id", "workspace_id"], ANTHROPICS_OWN);
    const choice = request.object("tool_choice", readToolChoice);
    return {
      options: optionsOf(request, choice?.toolChoice),
      extras: {
        ...given("userId", request.object("metadata", readUserId)),
        ...given("singleToolCall", choice?.singleToolCall),
      },
      streaming: request.flag("stream") ?? false,
      includesUsage: true,
    };
  });
}

function optionsOf(request: Fields, toolChoice: LanguageModelV4ToolChoice | undefined): LanguageModelV4CallOptions {
  const maxOutputTokens = request.count("max_tokens") ?? request.missing("max_tokens");
  return {
    prompt: promptOf(request),
    maxOutputTokens,
    ...given("temperature", request.number("temperature")),
    ...given("topP", request.number("top_p")),
    ...given("topK", request.number("top_k")),
    ...given("stopSequences", request.texts("stop_sequences")),
    ...given("tools", toolsOf(request)),
    ...given("toolChoice", toolChoice),
    ...outputOf(request),
    ...cacheHintOf(request),
  };
}

/** Who the user is tells of abuse, and Anthropic's own agents always say it. */
function readUserId(metadata: Fields): Extra<string> | undefined {
  const value = metadata.text("user_id");
  return value === undefined ? undefined : { field: metadata.pathOf("user_id"), value, isWish: true };
}

function promptOf(fields: Fields): LanguageModelV4Message[] {
  const messages = readMessages(fields);
  if (messages.length === 0) throw fields.invalid("messages", "must have at least one message");
  return [...systemPromptOf(fields, "system"), ...messages];
}

function toolsOf(fields: Fields): LanguageModelV4FunctionTool[] | undefined {
  const tools = fields.list("tools", (tool): LanguageModelV4FunctionTool => {
    tool.allowOnly("type", ["custom"], "it is a tool of Anthropic's own");
    tool.allowOnly("defer_loading", [false], ANTHROPICS_OWN);
    const callers = tool.texts("allowed_callers");
    if (callers?.some((caller) => caller !== "direct")) throw tool.untranslatable("allowed_callers", ANTHROPICS_OWN);
    // How soon a call's input is streamed is up to the provider.
    tool.leaveOut("eager_input_streaming");
    tool.refuse(["input_examples"], "other providers have no place for them");
    return {
      type: "function",
      name: tool.requiredText("name"),
      inputSchema: schemaIn(tool, "input_schema") ?? tool.missing("input_schema"),
      ...given("description", tool.text("description")),
      ...given("strict", tool.flag("strict")),
      ...cacheHintOf(tool),
    };
  });
  return tools.length === 0 ? undefined : [...tools];
}

interface Choice {
  readonly toolChoice: LanguageModelV4ToolChoice;
  readonly singleToolCall: Extra<true> | undefined;
}

function readToolChoice(choice: Fields): Choice {
  const isSingle = choice.flag("disable_parallel_tool_use") === true;
  const field = choice.pathOf("disable_parallel_tool_use");
  return { toolChoice: toolChoiceOf(choice), singleToolCall: isSingle ? { field, value: true } : undefined };
}

function toolChoiceOf(choice: Fields): LanguageModelV4ToolChoice {
  const type = choice.word("type", ["auto", "any", "tool", "none"]) ?? choice.missing("type");
  switch (type) {
    case "any":
      return { type: "required" };
    case "tool":
      return { type: "tool", toolName: choice.requiredText("name") };
    default:
      return { type };
  }
}

/** How the model is to think, and what its answer is to look like. */
function outputOf(fields: Fields): Pick<LanguageModelV4CallOptions, "reasoning" | "responseFormat"> {
  const thinking = fields.object("thinking", readThinking);
  const output = fields.object("output_config", (config) => ({
    effort: config.word("effort", ["low", "medium", "high", "xhigh", "max"]),
    responseFormat: config.object("format", (format) => {
      format.allowOnly("type", ["json_schema"], "no other format has a translation");
      return { type: "json", schema: schemaIn(format, "schema") ?? format.missing("schema") } as const;
    }),
  }));
  const reasoning = thinking === "none" ? thinking : (output?.effort ?? thinking);
  return { ...given("reasoning", reasoning), ...given("responseFormat", output?.responseFormat) };
}

function readThinking(thinking: Fields): ReasoningLevel | undefined {
  const type = thinking.requiredText("type");
  thinking.allowOnly("display", ["summarized"], "the thinking of other providers cannot be withheld");
  switch (type) {
    case "disabled":
      return "none";
    case "adaptive":
      return "provider-default";
    case "enabled":
      return reasoningLevelOf(thinking.count("budget_tokens") ?? thinking.missing("budget_tokens"));
    default:
      throw thinking.untranslatable("type", "other providers cannot be told to think so");
  }
}
