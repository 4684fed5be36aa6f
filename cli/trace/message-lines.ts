import { parseJson } from "#lib/json-value.ts";
import type { MessagePart } from "#lib/traces/message-parts.ts";
import { answeredMessagesOf, askedMessagesOf, type Message } from "#lib/traces/messages.ts";

/** What a request asks, a line a message, in whatever format it is. Undefined: it is in none that is read here. */
export function askedLinesOf(json: string): readonly string[] | undefined {
  return askedMessagesOf(parseJson(json))?.map(lineOf);
}

/** What an answer says, likewise. */
export function answeredLinesOf(json: string): readonly string[] | undefined {
  return answeredMessagesOf(parseJson(json))?.map(lineOf);
}

function lineOf({ role, parts }: Message): string {
  const words = parts
    .map(wordsOf)
    .filter((text) => text !== "")
    .join(" ");
  return role === "" ? words : `${role}: ${words}`;
}

function wordsOf(part: MessagePart): string {
  switch (part.kind) {
    case "text":
    case "tool result":
      return part.text;
    case "reasoning":
      return part.text === "" ? "[reasoning]" : `[reasoning] ${part.text}`;
    case "tool call":
      return `${part.name}(${part.args})`;
    case "image":
      return "[image]";
    case "other":
      return part.type === "" ? "[…]" : `[${part.type}]`;
  }
}
