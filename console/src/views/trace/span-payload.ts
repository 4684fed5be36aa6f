import { isObject, parseJson } from "#lib/json-value.ts";
import { payloadOf } from "#lib/spans/meanings.ts";
import { jsonOfValue } from "#lib/spans/value-text.ts";
import { fieldOf, listAt, textAt } from "#lib/traces/json-fields.ts";
import { answeredMessagesOf, askedMessagesOf, type Message } from "#lib/traces/messages.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";

/** A side of a span's payload. */
export interface Payload {
  /** As it stands in the span: JSON, or any other text. */
  readonly text: string;
  /** What it says. Undefined: it is no conversation that is read here. */
  readonly messages: readonly Message[] | undefined;
  /** What a request asks beside its messages, as name and JSON text. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** The tools that a request offers. */
  readonly tools: readonly OfferedTool[];
}

/** A tool that a model may call. */
export interface OfferedTool {
  readonly name: string;
  readonly description: string;
}

/** What a span was asked. Undefined: it says nothing of it. */
export function inputsOf(span: Span): Payload | undefined {
  return payloadFrom(span, "inputs", askedMessagesOf);
}

/** What it answered, likewise. */
export function outputsOf(span: Span): Payload | undefined {
  return payloadFrom(span, "outputs", answeredMessagesOf);
}

function payloadFrom(
  span: Span,
  meaning: "inputs" | "outputs",
  messagesOf: (json: unknown) => readonly Message[] | undefined,
): Payload | undefined {
  const value = payloadOf(span, meaning);
  if (value === undefined) return undefined;
  const plain = jsonOfValue(value);
  const json = typeof plain === "string" ? parseJson(plain) : plain;
  const text = typeof plain === "string" ? plain : JSON.stringify(plain);
  const settings = meaning === "inputs" ? settingsOf(json) : [];
  return { text, messages: messagesOf(json), settings, tools: meaning === "inputs" ? toolsOf(json) : [] };
}

/** What a value may have at most to be shown beside its name, in characters. */
const SETTING_MAX = 80;

function settingsOf(request: unknown): Payload["settings"] {
  if (!isObject(request)) return [];
  return Object.entries(request).flatMap(([name, value]) => {
    if (SAID_ELSEWHERE.has(name) || value === null || value === undefined) return [];
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return text.length > SETTING_MAX ? [] : [[name, text] as const];
  });
}

const SAID_ELSEWHERE = new Set([
  "messages",
  "contents",
  "input",
  "prompt",
  "system",
  "instructions",
  "systemInstruction",
  "system_instruction",
  "tools",
]);

function toolsOf(request: unknown): readonly OfferedTool[] {
  return (listAt(request, "tools") ?? []).flatMap((tool) => {
    const many = listAt(tool, "functionDeclarations", "function_declarations");
    return (many ?? [fieldOf(tool, "function") ?? tool]).flatMap((one) => {
      const name = textAt(one, "name", "type");
      return name === undefined ? [] : [{ name, description: textAt(one, "description") ?? "" }];
    });
  });
}
