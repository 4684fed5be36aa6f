import { z } from "zod";

const content = z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))]);

const schema = z.looseObject({
  model: z.string().min(1),
  messages: z.array(z.looseObject({ role: z.string(), content: content.nullish() })).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z.array(z.looseObject({ function: z.looseObject({ name: z.string() }).optional() })).nullish(),
  max_tokens: z.int().nullish(),
  max_completion_tokens: z.int().nullish(),
});

/** What the scripted provider needs of a chat completion's request. */
export interface ChatRequest {
  readonly model: string;
  readonly stream: boolean;
  /** Whether the stream is asked to say its usage at its end. */
  readonly includeUsage: boolean;
  /** The text of the last message that is the user's, or a tool's result where that came last. */
  readonly question: string;
  /** The words of all messages. */
  readonly promptTokens: number;
  /** The first tool's name, while no tool has answered yet. Undefined: none. */
  readonly tool: string | undefined;
  /** The most words the answer may have. Undefined: any number. */
  readonly tokensMax: number | undefined;
}

/** Reads a request's body. A string says what is wrong with it. */
export function readChatRequest(body: string): ChatRequest | string {
  const parsed = schema.safeParse(parseJson(body));
  if (!parsed.success) {
    const [fault] = parsed.error.issues;
    return `Invalid request: ${fault?.path.join(".") || "body"}: ${fault?.message}`;
  }
  const { data } = parsed;
  const last = data.messages.findLast(({ role }) => role === "user" || role === "tool");
  return {
    model: data.model,
    stream: data.stream ?? false,
    includeUsage: data.stream_options?.include_usage ?? false,
    question: textOf(last?.content),
    promptTokens: data.messages.reduce((sum, message) => sum + wordsOf(textOf(message.content)).length, 0),
    tool: last?.role === "tool" ? undefined : data.tools?.[0]?.function?.name,
    tokensMax: data.max_completion_tokens ?? data.max_tokens ?? undefined,
  };
}

/** The words of a text, each with the space that follows it, so that joined they are the text again. */
export function wordsOf(text: string): readonly string[] {
  return text.match(/^\s+|\S+\s*/g) ?? [];
}

function textOf(value: z.output<typeof content> | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  return value.map((part) => part.text ?? "").join("");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
