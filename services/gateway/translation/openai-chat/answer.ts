import type { LanguageModelV4Content, LanguageModelV4GenerateResult, LanguageModelV4Source } from "@ai-sdk/provider";
import type { AnswerNames } from "../codec.ts";
import { untranslatableAnswer } from "../untranslatable.ts";
import { finishWordOf, usageObjectOf } from "./usage.ts";

/** Writes a chat completion. */
export function encodeAnswer(answer: LanguageModelV4GenerateResult, names: AnswerNames): Buffer {
  const { content, finishReason, response } = answer;
  const usage = usageObjectOf(answer.usage);
  const completion = {
    id: response?.id ?? `chatcmpl-${names.id}`,
    object: "chat.completion",
    created: names.createdSeconds,
    model: response?.modelId ?? names.model,
    choices: [{ index: 0, message: messageOf(content), logprobs: null, finish_reason: finishWordOf(finishReason) }],
    ...(usage && { usage }),
  };
  return Buffer.from(JSON.stringify(completion));
}

function messageOf(content: readonly LanguageModelV4Content[]) {
  let text = "";
  let reasoning = "";
  const calls: object[] = [];
  const annotations: object[] = [];
  for (const part of content) {
    switch (part.type) {
      case "text":
        text += part.text;
        break;
      case "reasoning":
        reasoning += part.text;
        break;
      case "tool-call":
        calls.push({
          id: part.toolCallId,
          type: "function",
          function: { name: part.toolName, arguments: part.input },
        });
        break;
      case "source":
        annotations.push(...annotationsOf(part));
        break;
      default:
        throw untranslatableAnswer(`content of type ${part.type}`);
    }
  }
  return {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    refusal: null,
    ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    annotations,
  };
}

/** A source on the web is an annotation at OpenAI's; it has none for documents. */
export function annotationsOf(source: LanguageModelV4Source): object[] {
  if (source.sourceType !== "url") return [];
  const { url, title = "" } = source;
  return [{ type: "url_citation", url_citation: { start_index: 0, end_index: 0, url, title } }];
}
