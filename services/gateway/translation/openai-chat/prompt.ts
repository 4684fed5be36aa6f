import type { LanguageModelV4Message, LanguageModelV4Prompt, LanguageModelV4ToolCallPart } from "@ai-sdk/provider";
import type { Fields } from "../fields.ts";
import { toolInputIn } from "../json-schema.ts";
import { NO_WORD } from "../untranslatable.ts";
import { answerContentOf, textContentOf, userContentOf } from "./content.ts";

/** Reads the messages of a request. */
export function promptOf(request: Fields): LanguageModelV4Prompt {
  const toolNames = new Map<string, string>();
  const messages = request.list("messages", (message) => {
    message.refuse(["name"], NO_WORD);
    return messageOf(message, toolNames);
  });
  if (messages.length > 0) return [...messages];
  throw request.invalid("messages", "must be a list with at least one message");
}

/** `toolNames`: the tools that were called so far, by the ids of the calls. */
function messageOf(message: Fields, toolNames: Map<string, string>): LanguageModelV4Message {
  switch (message.requiredText("role")) {
    case "system":
    case "developer":
      return { role: "system", content: textContentOf(message) };
    case "user":
      return { role: "user", content: userContentOf(message) };
    case "assistant":
      return assistantMessageOf(message, toolNames);
    case "tool":
      return toolMessageOf(message, toolNames);
    case "function":
      throw message.untranslatable("role", "it is the older form of `tool`");
    default:
      throw message.invalid("role", "must be system, developer, user, assistant or tool");
  }
}

function assistantMessageOf(message: Fields, toolNames: Map<string, string>): LanguageModelV4Message {
  const reasoning = message.text("reasoning_content");
  const refusal = message.text("refusal");
  message.refuse(["audio"], NO_WORD);
  message.refuse(["function_call"], "it is the older form of `tool_calls`");
  message.leaveOut("annotations");
  return {
    role: "assistant",
    content: [
      ...(reasoning ? [{ type: "reasoning", text: reasoning } as const] : []),
      ...answerContentOf(message),
      ...(refusal ? [{ type: "text", text: refusal } as const] : []),
      ...message.list("tool_calls", (call) => toolCallOf(call, toolNames)),
    ],
  };
}

function toolCallOf(call: Fields, toolNames: Map<string, string>): LanguageModelV4ToolCallPart {
  call.allowOnly("type", ["function"], "other providers have no tools of this type");
  call.leaveOut("index");
  const toolCallId = call.requiredText("id");
  const { toolName, input } = call.requiredObject("function", (called) => ({
    toolName: called.requiredText("name"),
    input: toolInputIn(called, "arguments"),
  }));
  toolNames.set(toolCallId, toolName);
  return { type: "tool-call", toolCallId, toolName, input };
}

function toolMessageOf(message: Fields, toolNames: Map<string, string>): LanguageModelV4Message {
  const toolCallId = message.requiredText("tool_call_id");
  const toolName = toolNames.get(toolCallId);
  if (toolName === undefined) throw message.invalid("tool_call_id", "is of no tool call that came before it");
  const output = { type: "text", value: textContentOf(message) } as const;
  return { role: "tool", content: [{ type: "tool-result", toolCallId, toolName, output }] };
}
