import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FinishReason,
  LanguageModelV4ResponseMetadata,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import type { AnswerNames, DecodedChat } from "../codec.ts";
import { tokenCountsOf } from "../token-counts.ts";

/** How a response ends. */
export interface ResponseEnding {
  readonly status: "completed" | "incomplete" | "failed";
  readonly incomplete_details: { readonly reason: "max_output_tokens" | "content_filter" } | null;
  readonly error: { readonly code: "server_error"; readonly message: string } | null;
}

/** A response as it begins. It tells what was asked, as far as that was translated. `said`: what the provider calls it. */
export function responseHeadOf(
  names: AnswerNames,
  { options, extras }: DecodedChat,
  said: LanguageModelV4ResponseMetadata | undefined,
) {
  return {
    id: said?.id ?? `resp_${names.id}`,
    object: "response",
    created_at: names.createdSeconds,
    status: "in_progress",
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: options.maxOutputTokens ?? null,
    model: said?.modelId ?? names.model,
    output: [],
    parallel_tool_calls: extras.singleToolCall === undefined,
    previous_response_id: null,
    reasoning: { effort: options.reasoning ?? null, summary: null },
    store: false,
    temperature: options.temperature ?? null,
    text: { format: formatOf(options.responseFormat) },
    tool_choice: toolChoiceOf(options.toolChoice),
    tools: (options.tools ?? []).map(toolOf),
    top_p: options.topP ?? null,
    truncation: "disabled",
    usage: null,
    metadata: {},
  };
}

/** Why a response ended. */
export function endingOf({ unified }: LanguageModelV4FinishReason): ResponseEnding {
  const completed = { status: "completed", incomplete_details: null, error: null } as const;
  switch (unified) {
    case "length":
      return { ...completed, status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
    case "content-filter":
      return { ...completed, status: "incomplete", incomplete_details: { reason: "content_filter" } };
    case "error": {
      const message = "The provider stopped because of an error.";
      return { ...completed, status: "failed", error: { code: "server_error", message } };
    }
    default:
      return completed;
  }
}

/** Usage as OpenAI counts: input includes what was cached, output includes reasoning. */
export function usageObjectOf(usage: LanguageModelV4Usage) {
  const { input, output, cacheRead, cacheWrite, reasoning } = tokenCountsOf(usage);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cacheRead, cache_write_tokens: cacheWrite },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}

function formatOf(format: LanguageModelV4CallOptions["responseFormat"]): object {
  if (format?.type !== "json") return { type: "text" };
  const { schema, name = "answer", description = null } = format;
  if (schema === undefined) return { type: "json_object" };
  return { type: "json_schema", name, description, schema, strict: true };
}

function toolChoiceOf(choice: LanguageModelV4CallOptions["toolChoice"]): unknown {
  if (choice === undefined) return "auto";
  return choice.type === "tool" ? { type: "function", name: choice.toolName } : choice.type;
}

function toolOf(tool: NonNullable<LanguageModelV4CallOptions["tools"]>[number]): object {
  if (tool.type !== "function") return { type: tool.name };
  const { name, description = null, inputSchema, strict = false } = tool;
  return { type: "function", name, description, parameters: inputSchema, strict };
}
