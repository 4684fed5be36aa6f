import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { Ask, Told } from "./gateway-client.ts";

/** What a caller wants of a model, whichever format it says it in. */
export interface Wanted {
  readonly stream?: boolean;
  /** Offers the tool `weather`, whose one argument is a city. */
  readonly tools?: boolean;
  /** Shows an image. */
  readonly image?: boolean;
}

/** What a caller read, whichever format it was in. */
export interface Read {
  readonly text: string;
  readonly reasoning: string;
  readonly toolCalls: readonly { readonly name: string; readonly input: unknown }[];
  readonly finish: string | undefined;
  /** The message of an error, of a body or of an event. Undefined: there was none. */
  readonly error: string | undefined;
}

/** A caller of one format: how it asks, and how it reads. */
export interface FormatCaller {
  asking(model: string, wanted: Wanted): Ask;
  read(told: Told, wanted: Wanted): Read;
}

export const QUESTION = "what is a twin span?";
/** A picture of one pixel. */
export const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/** What the tool takes. */
export const SCHEMA = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

/** A caller who speaks OpenAI's chat completions. */
export const openAiCaller: FormatCaller = {
  asking(model, { stream, tools, image }) {
    const url = `data:image/png;base64,${PNG}`;
    const content = image
      ? [
          { type: "text", text: QUESTION },
          { type: "image_url", image_url: { url } },
        ]
      : QUESTION;
    const also = {
      messages: [{ role: "user", content }],
      ...(stream ? { stream_options: { include_usage: true } } : {}),
      ...(tools ? { tools: [{ type: "function", function: { name: "weather", parameters: SCHEMA } }] } : {}),
    };
    return { model, also, ...(stream ? { stream } : {}) };
  },
  read({ body }, { stream }) {
    if (stream && body.includes("data: ")) return readChunks(dataIn(body));
    const answer = JSON.parse(body || "{}");
    const [choice] = answer.choices ?? [];
    return {
      text: choice?.message.content ?? "",
      reasoning: choice?.message.reasoning_content ?? choice?.message.reasoning ?? "",
      toolCalls: (choice?.message.tool_calls ?? []).map(openAiCallOf),
      finish: choice?.finish_reason,
      // xAI tells its errors in a text.
      error: answer.error?.message ?? answer.error,
    };
  },
};

/** A caller who speaks Anthropic's messages. */
export const anthropicCaller: FormatCaller = {
  asking(model, { stream, tools, image }) {
    const source = { type: "base64", media_type: "image/png", data: PNG };
    const content = image
      ? [
          { type: "text", text: QUESTION },
          { type: "image", source },
        ]
      : QUESTION;
    const body = {
      model,
      max_tokens: 1000,
      messages: [{ role: "user", content }],
      ...(stream ? { stream } : {}),
      ...(tools ? { tools: [{ name: "weather", input_schema: SCHEMA }] } : {}),
    };
    return { model, body: JSON.stringify(body), invocation: { dialect: Dialect.DIALECT_ANTHROPIC_MESSAGES } };
  },
  read({ body }, { stream }) {
    if (stream && body.includes("data: ")) return readEvents(dataIn(body));
    const answer = JSON.parse(body || "{}");
    return readBlocks(answer.content ?? [], answer.stop_reason, answer.error?.message);
  },
};

/** JSON of others: tests say what it must be. */
export type Json = ReturnType<typeof JSON.parse>;

/** The data of a stream's events. */
export function dataIn(body: string): Json[] {
  return body
    .split("\n")
    .flatMap((line) => (line.startsWith("data: ") && line !== "data: [DONE]" ? [JSON.parse(line.slice(6))] : []));
}

function openAiCallOf(call: Json) {
  return { name: call.function.name, input: JSON.parse(call.function.arguments) };
}

function readChunks(chunks: readonly Json[]): Read {
  const calls = new Map<number, { function: { name: string; arguments: string } }>();
  let text = "";
  let reasoning = "";
  let finish: string | undefined;
  for (const { delta, finish_reason } of chunks.flatMap(({ choices }) => choices ?? [])) {
    text += delta.content ?? "";
    reasoning += delta.reasoning_content ?? delta.reasoning ?? "";
    finish = finish_reason ?? finish;
    for (const { index, function: called } of delta.tool_calls ?? []) {
      const known = calls.get(index) ?? { function: { name: called.name, arguments: "" } };
      known.function.arguments += called.arguments ?? "";
      calls.set(index, known);
    }
  }
  const error = chunks.find(({ error: told }) => told !== undefined)?.error.message;
  const toolCalls = error === undefined ? [...calls.values()].map(openAiCallOf) : [];
  return { text, reasoning, toolCalls, finish, error };
}

function readEvents(events: readonly Json[]): Read {
  const blocks: Json[] = [];
  let stop: string | undefined;
  for (const event of events) {
    if (event.type === "content_block_start") blocks[event.index] = { ...event.content_block, json: "" };
    if (event.type === "content_block_delta") {
      const block = blocks[event.index];
      if (event.delta.type === "text_delta") block.text += event.delta.text;
      if (event.delta.type === "thinking_delta") block.thinking += event.delta.thinking;
      if (event.delta.type === "input_json_delta") block.json += event.delta.partial_json;
    }
    if (event.type === "message_delta") stop = event.delta.stop_reason ?? stop;
  }
  const error = events.find(({ type }) => type === "error")?.error.message;
  const whole = blocks.map((block) =>
    block.type === "tool_use" && error === undefined ? { ...block, input: JSON.parse(block.json || "{}") } : block,
  );
  return readBlocks(whole, stop, error);
}

function readBlocks(blocks: readonly Json[], finish: string | undefined, error: string | undefined): Read {
  const of = (type: string) => blocks.filter((block) => block?.type === type);
  return {
    text: of("text")
      .map(({ text }) => text)
      .join(""),
    reasoning: of("thinking")
      .map(({ thinking }) => thinking)
      .join(""),
    toolCalls: of("tool_use").map(({ name, input }) => ({ name, input })),
    finish,
    error,
  };
}
