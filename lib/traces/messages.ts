import { isObject } from "../json-value.ts";
import { fieldOf, listAt, textAt } from "./json-fields.ts";
import { type MessagePart, partsOf, toolCallOf } from "./message-parts.ts";

/** What somebody said. */
export interface Message {
  /** Who: `user`, `assistant`, `system`, `tool`, … as the format calls it. Empty: the format names nobody. */
  readonly role: string;
  readonly parts: readonly MessagePart[];
}

/**
 * What a request asks, in whatever format it is: OpenAI's chat completions, responses, completions and embeddings,
 * Anthropic's messages, Gemini's contents, MLflow's chat, and the messages of OpenTelemetry's and the AI SDK's spans.
 * What is to be heeded always (`system`, `instructions`) comes first. Undefined: it is in none of them.
 */
export function askedMessagesOf(request: unknown): readonly Message[] | undefined {
  if (Array.isArray(request)) return listedMessages(request);
  const heeded = ["system", "instructions", "systemInstruction", "system_instruction"].flatMap((name) =>
    heededMessages(fieldOf(request, name)),
  );
  const asked =
    listedMessages(listAt(request, "messages")) ??
    listAt(request, "contents")?.map(turnOf) ??
    inputMessages(fieldOf(request, "input") ?? fieldOf(request, "prompt"));
  return asked === undefined ? undefined : [...heeded, ...asked];
}

/** What an answer says, likewise. */
export function answeredMessagesOf(answer: unknown): readonly Message[] | undefined {
  if (Array.isArray(answer)) return listedMessages(answer);
  const choices = listAt(answer, "choices")?.map(choiceOf);
  if (choices !== undefined) return choices.every((choice) => choice !== undefined) ? choices : undefined;
  const candidates = listAt(answer, "candidates");
  if (candidates !== undefined) return candidates.map((candidate) => turnOf(fieldOf(candidate, "content"), "model"));
  const output = listAt(answer, "output")?.map(itemOf);
  if (output !== undefined) return output;
  const message = messageOf(answer);
  return message === undefined ? undefined : [message];
}

function heededMessages(content: unknown): readonly Message[] {
  const parts = partsOf(fieldOf(content, "parts") ?? content);
  return parts.length === 0 ? [] : [{ role: "system", parts }];
}

/** A list that holds messages and nothing else. LangChain has a list of them for each of several conversations. */
function listedMessages(list: readonly unknown[] | undefined): readonly Message[] | undefined {
  if (list === undefined) return undefined;
  const [first] = list;
  const messages = (list.length === 1 && Array.isArray(first) ? first : list).map(messageOf);
  return messages.length > 0 && messages.every((message) => message !== undefined) ? messages : undefined;
}

/** A message of OpenAI's chat completions, Anthropic's, MLflow's, OpenTelemetry's or the AI SDK's. */
function messageOf(json: unknown): Message | undefined {
  const role = textAt(json, "role") ?? ROLES_OF_TYPES.get(textAt(json, "type") ?? "");
  if (role === undefined || !isObject(json)) return undefined;
  const reasoning = textAt(json, "reasoning_content", "reasoning") ?? "";
  const parts: readonly MessagePart[] = [
    ...(reasoning === "" ? [] : [{ kind: "reasoning", text: reasoning } as const]),
    ...partsOf(fieldOf(json, "content") ?? fieldOf(json, "parts")),
    ...(textAt(json, "refusal") === undefined ? [] : partsOf(textAt(json, "refusal"))),
    ...(listAt(json, "tool_calls") ?? []).flatMap((call) => toolCallOf(call) ?? []),
  ];
  return { role, parts: role === "tool" ? parts.map((part) => resultPart(part, json)) : parts };
}

/** LangChain's messages name their kind and no role. */
const ROLES_OF_TYPES: ReadonlyMap<string, string> = new Map([
  ["human", "user"],
  ["ai", "assistant"],
]);

/** What a tool's message says is the tool's answer. */
function resultPart(part: MessagePart, message: unknown): MessagePart {
  if (part.kind !== "text") return part;
  return {
    kind: "tool result",
    id: textAt(message, "tool_call_id") ?? "",
    name: textAt(message, "name") ?? "",
    text: part.text,
  };
}

/** A content of Gemini's. */
function turnOf(json: unknown, speaker: unknown = "user"): Message {
  return {
    role: textAt(json, "role") ?? (speaker === "model" ? "model" : "user"),
    parts: partsOf(fieldOf(json, "parts")),
  };
}

/** The input of OpenAI's responses, or texts to embed. */
function inputMessages(input: unknown): readonly Message[] | undefined {
  if (typeof input === "string") return [{ role: "", parts: partsOf(input) }];
  return Array.isArray(input) ? input.map(itemOf) : undefined;
}

/** An item of OpenAI's responses, or a text to embed. */
function itemOf(json: unknown): Message {
  const message = messageOf(json);
  if (message !== undefined) return message;
  const parts = partsOf([json]);
  const role = parts.some(({ kind }) => kind === "tool call" || kind === "reasoning") ? "assistant" : "";
  return { role: parts.some(({ kind }) => kind === "tool result") ? "tool" : role, parts };
}

function choiceOf(json: unknown): Message | undefined {
  const text = textAt(json, "text");
  return (
    messageOf(fieldOf(json, "message")) ??
    (text === undefined ? undefined : { role: "assistant", parts: partsOf(text) })
  );
}
