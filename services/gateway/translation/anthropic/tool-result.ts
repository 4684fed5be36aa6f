import type {
  LanguageModelV4FilePart,
  LanguageModelV4TextPart,
  LanguageModelV4ToolResultOutput,
  LanguageModelV4ToolResultPart,
} from "@ai-sdk/provider";
import type { Fields } from "../fields.ts";
import { cacheHintOf, readDocument, readImage, readText } from "./prompt-parts.ts";

/** A `tool_result` block. `toolNames`: the tools of the calls before it, by the calls' ids. */
export function readToolResult(block: Fields, toolNames: ReadonlyMap<string, string>): LanguageModelV4ToolResultPart {
  block.refuse(["toolset_name"], "it is a feature of Anthropic's own");
  const toolCallId = block.requiredText("tool_use_id");
  const toolName = toolNames.get(toolCallId);
  if (toolName === undefined) throw block.invalid("tool_use_id", "must be the id of a `tool_use` block before it");
  return {
    type: "tool-result",
    toolCallId,
    toolName,
    output: outputOf(block),
    ...cacheHintOf(block),
  };
}

function outputOf(block: Fields): LanguageModelV4ToolResultOutput {
  const isError = block.flag("is_error") ?? false;
  const content = block.textOrList("content", (part): LanguageModelV4TextPart | LanguageModelV4FilePart => {
    const type = part.requiredText("type");
    switch (type) {
      case "text":
        return readText(part);
      case "image":
        return readImage(part);
      case "document":
        return readDocument(part);
      default:
        throw part.untranslatable("type", "only text, images and documents have a translation");
    }
  });
  const parts = typeof content === "string" ? [{ type: "text" as const, text: content }] : (content ?? []);
  const texts = parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
  const isText = texts.length === parts.length && (isError || parts.length <= 1);
  if (isText) return { type: isError ? "error-text" : "text", value: texts.join("\n") };
  if (isError) throw block.untranslatable("is_error", "a result with files cannot be marked as an error");
  return { type: "content", value: [...parts] };
}
