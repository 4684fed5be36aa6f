import { parseJson } from "#lib/json-value.ts";
import { answeredMessagesOf, askedMessagesOf, type Message } from "#lib/traces/messages.ts";

/** What a request asks last, as one line, from the beginning of its JSON. */
export function requestTextOf(preview: string): string {
  return lastTextOf(
    preview,
    askedMessagesOf(parseJson(preview))?.filter(({ role }) => role !== "system"),
  );
}

/** What an answer says, likewise. */
export function answerTextOf(preview: string): string {
  return lastTextOf(preview, answeredMessagesOf(parseJson(preview)));
}

function lastTextOf(preview: string, messages: readonly Message[] | undefined): string {
  const texts = messages?.map(textOf).filter((text) => text !== "");
  return oneLine(texts?.at(-1) ?? textInCutJson(preview) ?? preview);
}

function textOf({ parts }: Message): string {
  return parts
    .map((part) => ("text" in part ? part.text : part.kind === "tool call" ? `${part.name}(${part.args})` : ""))
    .join(" ")
    .trim();
}

/** JSON that is cut is read no more, but the last text that somebody says in it can be found. */
function textInCutJson(json: string): string | undefined {
  const found = [...json.matchAll(/"(?:content|text|input|prompt)":\s*"((?:[^"\\]|\\.)*)/g)].map(
    ([, text = ""]) => text,
  );
  const last = found.findLast((text) => text !== "");
  return last === undefined ? undefined : unescaped(last);
}

function unescaped(text: string): string {
  const parsed = parseJson(`"${text}"`);
  return typeof parsed === "string" ? parsed : text;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
