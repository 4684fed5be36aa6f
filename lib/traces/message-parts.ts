import { isObject } from "../json-value.ts";
import { fieldOf, jsonTextOf, listAt, textAt } from "./json-fields.ts";

/** A piece of what was said. */
export type MessagePart =
  | { readonly kind: "text"; readonly text: string }
  /** What a model said to itself. Empty: it was not told. */
  | { readonly kind: "reasoning"; readonly text: string }
  /** `id` is empty where there is none. `args` is JSON, or whatever the model wrote in its place. */
  | { readonly kind: "tool call"; readonly id: string; readonly name: string; readonly args: string }
  /** What a tool answered. `id` is the call's, or empty. */
  | { readonly kind: "tool result"; readonly id: string; readonly name: string; readonly text: string }
  /** `source` is a `data:` URL, an address elsewhere, or empty where it is not told. */
  | { readonly kind: "image"; readonly source: string; readonly type: string }
  /** Anything else: what it calls itself, and its JSON. */
  | { readonly kind: "other"; readonly type: string; readonly json: unknown };

/** The parts of a content: a text alone, or a list. Null and undefined have none. */
export function partsOf(content: unknown): readonly MessagePart[] {
  if (content === undefined || content === null) return [];
  if (typeof content === "string") return [textPart(content)];
  if (Array.isArray(content)) return content.map(partOf);
  return [partOf(content)];
}

/** A call of a tool, in the words of any format. Undefined: it is none. */
export function toolCallOf(json: unknown): MessagePart | undefined {
  const named = fieldOf(json, "function") ?? fieldOf(json, "functionCall") ?? json;
  const type = textAt(json, "type") ?? "";
  const isCall = named !== json || CALLS.has(type);
  const name = textAt(named, "name", "toolName");
  if (!isCall || name === undefined) return undefined;
  const args = ["arguments", "args", "input"]
    .map((field) => fieldOf(named, field))
    .find((value) => value !== undefined);
  const id = textAt(json, "call_id", "id", "toolCallId") ?? textAt(named, "id") ?? "";
  return { kind: "tool call", id, name, args: jsonTextOf(args ?? {}) };
}

const CALLS = new Set([
  "function_call",
  "tool_use",
  "tool_call",
  "tool-call",
  "server_tool_use",
  "custom_tool_call",
  "mcp_call",
]);
const RESULTS = new Set([
  "function_call_output",
  "tool_result",
  "tool_call_response",
  "tool-result",
  "custom_tool_call_output",
]);

function partOf(json: unknown): MessagePart {
  if (typeof json === "string") return textPart(json);
  return reasoningOf(json) ?? toolCallOf(json) ?? toolResultOf(json) ?? imageOf(json) ?? textOf(json) ?? otherOf(json);
}

function textPart(text: string): MessagePart {
  return { kind: "text", text };
}

function textOf(json: unknown): MessagePart | undefined {
  const type = textAt(json, "type");
  const text =
    textAt(json, "text") ?? textAt(json, "refusal") ?? (type === "text" ? textAt(json, "content") : undefined);
  return text === undefined ? undefined : textPart(text);
}

function reasoningOf(json: unknown): MessagePart | undefined {
  const type = textAt(json, "type");
  if (fieldOf(json, "thought") === true) return { kind: "reasoning", text: textAt(json, "text") ?? "" };
  if (type !== "reasoning" && type !== "thinking" && type !== "redacted_thinking") return undefined;
  const pieces = [...(listAt(json, "summary") ?? []), ...(listAt(json, "content") ?? [])];
  const text =
    textAt(json, "thinking", "text", "content") ?? pieces.map((piece) => textAt(piece, "text") ?? "").join("\n\n");
  return { kind: "reasoning", text };
}

function toolResultOf(json: unknown): MessagePart | undefined {
  const response = fieldOf(json, "functionResponse");
  if (response !== undefined) {
    const name = textAt(response, "name") ?? "";
    return {
      kind: "tool result",
      id: textAt(response, "id") ?? "",
      name,
      text: jsonTextOf(fieldOf(response, "response")),
    };
  }
  if (!RESULTS.has(textAt(json, "type") ?? "")) return undefined;
  const result = ["content", "output", "response", "result"]
    .map((name) => fieldOf(json, name))
    .find((value) => value !== undefined);
  const id = textAt(json, "tool_use_id", "call_id", "id", "toolCallId") ?? "";
  return { kind: "tool result", id, name: textAt(json, "toolName", "name") ?? "", text: plainTextOf(result) };
}

function imageOf(json: unknown): MessagePart | undefined {
  const inline = fieldOf(json, "inlineData") ?? fieldOf(json, "inline_data");
  if (inline !== undefined) return dataImage(textAt(inline, "mimeType", "mime_type"), textAt(inline, "data"));
  const type = textAt(json, "type") ?? "";
  if (type === "blob") return dataImage(textAt(json, "mime_type"), textAt(json, "content", "data"));
  const url = fieldOf(json, "image_url");
  if (url !== undefined)
    return { kind: "image", source: typeof url === "string" ? url : (textAt(url, "url") ?? ""), type };
  if (type !== "image" && type !== "input_image") return undefined;
  const source = fieldOf(json, "source");
  if (textAt(source, "type") === "base64") return dataImage(textAt(source, "media_type"), textAt(source, "data"));
  return { kind: "image", source: textAt(source, "url") ?? textAt(json, "image", "url") ?? "", type };
}

/** Bytes that came with the message. What is no image is none, whatever holds it. */
function dataImage(mime: string | undefined, base64: string | undefined): MessagePart | undefined {
  if (mime === undefined || !mime.startsWith("image/")) return undefined;
  return { kind: "image", source: base64 === undefined ? "" : `data:${mime};base64,${base64}`, type: mime };
}

function otherOf(json: unknown): MessagePart {
  const type = textAt(json, "type") ?? (isObject(json) ? (Object.keys(json)[0] ?? "") : "");
  return { kind: "other", type, json };
}

/** The texts of a result without what is around them; anything else as JSON. */
function plainTextOf(content: unknown): string {
  if (!Array.isArray(content)) return content === undefined ? "" : jsonTextOf(content);
  const parts = partsOf(content);
  return parts.every((part) => part.kind === "text") ? parts.map(({ text }) => text).join("\n") : jsonTextOf(content);
}
