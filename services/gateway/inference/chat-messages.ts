import { invalidField } from "#lib/service-error.ts";
import {
  type AssistantMessage,
  type Image,
  ImageDetail,
  type Message,
  type UserPart,
} from "#proto/twinspan/inference/v1/prompt.ts";
import { checkCount } from "./field-checks.ts";

const IMAGE_TYPES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const PARTS_MAX = 1_000;
const URL_CHARACTERS_MAX = 8_192;

/** A typed message as one of OpenAI's chat. `field` is its place in the request. Throws as `chatBodyOf` does. */
export function messageOf({ message }: Message, field: string): object {
  switch (message?.$case) {
    case "system":
      return { role: "system", content: message.value.text };
    case "user": {
      const { parts } = message.value;
      checkCount(`${field}.user.parts`, parts.length, 1, PARTS_MAX);
      return { role: "user", content: contentOf(parts, `${field}.user.parts`) };
    }
    case "assistant":
      return assistantOf(message.value, `${field}.assistant`);
    case "toolResult": {
      const { toolCallId, text } = message.value;
      if (toolCallId === "") throw invalidField(`${field}.tool_result.tool_call_id`, "is missing");
      return { role: "tool", tool_call_id: toolCallId, content: text };
    }
    default:
      throw invalidField(field, "must be a `system`, `user`, `assistant` or `tool_result` message");
  }
}

/** A text alone is told as one: every provider takes that. */
function contentOf(parts: readonly UserPart[], field: string): string | readonly object[] {
  const [only] = parts;
  if (parts.length === 1 && only?.part?.$case === "text") return only.part.value;
  return parts.map((part, index) => partOf(part, `${field}[${index}]`));
}

function partOf({ part }: UserPart, field: string): object {
  switch (part?.$case) {
    case "text":
      return { type: "text", text: part.value };
    case "image":
      return { type: "image_url", image_url: imageOf(part.value, `${field}.image`) };
    default:
      throw invalidField(field, "must be a `text` or an `image`");
  }
}

function imageOf({ source, mediaType, detail }: Image, field: string): object {
  const told = IMAGE_DETAILS.get(detail);
  switch (source?.$case) {
    case "url": {
      const { value: url } = source;
      const isAddress = url.length <= URL_CHARACTERS_MAX && url.startsWith("https://") && URL.canParse(url);
      if (!isAddress)
        throw invalidField(`${field}.url`, `must be an https address of at most ${URL_CHARACTERS_MAX} characters`);
      return { url, detail: told };
    }
    case "data": {
      if (source.value.length === 0) throw invalidField(`${field}.data`, "is empty");
      if (!IMAGE_TYPES.has(mediaType))
        throw invalidField(`${field}.media_type`, `must be one of ${[...IMAGE_TYPES].join(", ")}`);
      return { url: `data:${mediaType};base64,${source.value.toString("base64")}`, detail: told };
    }
    case undefined:
      throw invalidField(field, "must have a `url` or `data`");
  }
}

function assistantOf({ text, toolCalls }: AssistantMessage, field: string): object {
  if (text === "" && toolCalls.length === 0) throw invalidField(field, "must have a `text` or `tool_calls`");
  const calls = toolCalls.map(({ id, name, argumentsJson }, index) => {
    const place = `${field}.tool_calls[${index}]`;
    if (id === "") throw invalidField(`${place}.id`, "is missing");
    if (name === "") throw invalidField(`${place}.name`, "is missing");
    return { id, type: "function", function: { name, arguments: argumentsJson || "{}" } };
  });
  return { role: "assistant", content: text || null, ...(calls.length === 0 ? {} : { tool_calls: calls }) };
}

const IMAGE_DETAILS: ReadonlyMap<ImageDetail, string> = new Map([
  [ImageDetail.IMAGE_DETAIL_LOW, "low"],
  [ImageDetail.IMAGE_DETAIL_HIGH, "high"],
]);
