import { z } from "zod";

/** A call of a tool, in the words of any format. */
const call = z.union([
  z
    .looseObject({ function: z.looseObject({ name: z.string(), arguments: z.string() }) })
    .transform(({ function: { name, arguments: args } }) => `${name}(${args})`),
  z
    .looseObject({ type: z.literal("function_call"), name: z.string(), arguments: z.string() })
    .transform(({ name, arguments: args }) => `${name}(${args})`),
  z
    .looseObject({ type: z.literal("tool_use"), name: z.string(), input: z.unknown().optional() })
    .transform(({ name, input }) => `${name}(${JSON.stringify(input)})`),
  z
    .looseObject({ functionCall: z.looseObject({ name: z.string(), args: z.unknown().optional() }) })
    .transform(({ functionCall: { name, args } }) => `${name}(${JSON.stringify(args ?? {})})`),
]);
const other = z.union([
  z.looseObject({ type: z.string() }).transform(({ type }) => `[${type}]`),
  z.unknown().transform(() => "[…]"),
]);
const part = z.union([z.looseObject({ text: z.string() }).transform(({ text }) => text), call, other]);
const parts = z.union([z.string().transform((text) => [text]), z.array(part)]).nullish();

/** A message of OpenAI's chat completions or Anthropic's. */
const message = z
  .looseObject({ role: z.string(), content: parts, tool_calls: z.array(call).nullish() })
  .transform(({ role, content, tool_calls }) => lineOf(role, [...(content ?? []), ...(tool_calls ?? [])]));
/** A content of Gemini's. */
const turn = z
  .looseObject({ role: z.string().default("user"), parts: z.array(part) })
  .transform((content) => lineOf(content.role, content.parts));
/** An item of OpenAI's responses, or a text to embed. */
const item = z.union([z.string(), message, call.transform((text) => lineOf("assistant", [text])), other]);

const asked = z.union([
  z.looseObject({ messages: z.array(message) }).transform(({ messages }) => messages),
  z.looseObject({ contents: z.array(turn) }).transform(({ contents }) => contents),
  z
    .looseObject({ input: z.union([z.string().transform((text) => [text]), z.array(item)]) })
    .transform(({ input }) => input),
]);
const answered = z.union([
  z
    .looseObject({ choices: z.array(z.looseObject({ message })) })
    .transform(({ choices }) => choices.map((choice) => choice.message)),
  z
    .looseObject({ candidates: z.array(z.looseObject({ content: turn })) })
    .transform(({ candidates }) => candidates.map(({ content }) => content)),
  z.looseObject({ output: z.array(item) }).transform(({ output }) => output),
  message.transform((line) => [line]),
]);

/** What a request asks, a line a message, in whatever format it is. Undefined: it is in none that is read here. */
export function askedLinesOf(json: string): readonly string[] | undefined {
  return asked.safeParse(parseJson(json)).data;
}

/** What an answer says, likewise. */
export function answeredLinesOf(json: string): readonly string[] | undefined {
  return answered.safeParse(parseJson(json)).data;
}

function lineOf(role: string, texts: readonly string[]): string {
  return `${role}: ${texts.filter((text) => text !== "").join(" ")}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
