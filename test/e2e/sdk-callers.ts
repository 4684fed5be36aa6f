import Anthropic from "@anthropic-ai/sdk";
import { FunctionCallingConfigMode, type GenerateContentResponse, GoogleGenAI, type Part } from "@google/genai";
import OpenAI from "openai";
import type { Caller } from "../callers/caller.ts";

/** A conversation, as a caller has it with a model through an SDK. */
export interface Talk {
  /** Asks, and reads the whole answer. Throws what the SDK throws. */
  ask(question: Question): Promise<Heard>;
  /** Gives the result of the tool that was called last, and reads the answer. The SDK's own answer goes back with it. */
  giveResult(result: string): Promise<Heard>;
}

export interface Question {
  readonly text: string;
  readonly stream?: boolean;
  /** Offers the tool `look_up`. */
  readonly tool?: boolean;
  /** Shows a picture. */
  readonly image?: boolean;
}

/** What the caller made of an answer. */
export interface Heard {
  readonly text: string;
  readonly reasoning: string;
  /** The arguments of the tool's calls. */
  readonly calls: readonly unknown[];
  /** In the SDK's own words. */
  readonly end: string | null | undefined;
  /** Its tokens, as the SDK tells them. */
  readonly usage: { readonly input: number; readonly output: number };
}

/** How each SDK says why an answer ended. */
export const ENDS = {
  anthropic: { stop: "end_turn", tool: "tool_use" },
  gemini: { stop: "STOP", tool: "STOP" },
  responses: { stop: "completed", tool: "completed" },
} as const;
export type SdkName = keyof typeof ENDS;

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const SCHEMA = { type: "object", properties: { city: { type: "string" } }, required: ["city"] } as const;
const INPUT_SCHEMA = { type: "object" as const, properties: SCHEMA.properties, required: ["city"] };

/** Begins to talk to an endpoint of the twinspan at `url`, in the format of one SDK, unmodified. */
export function talkTo(sdk: SdkName, url: string, endpoint: string, caller: Caller): Talk {
  switch (sdk) {
    case "anthropic":
      return anthropicTalk(url, endpoint, caller);
    case "gemini":
      return geminiTalk(url, endpoint, caller);
    case "responses":
      return responsesTalk(url, endpoint, caller);
  }
}

function anthropicTalk(url: string, model: string, { traceparent }: Caller): Talk {
  const client = new Anthropic({
    baseURL: `${url}/anthropic`,
    apiKey: "any",
    maxRetries: 0,
    defaultHeaders: { traceparent },
  });
  const messages: Anthropic.MessageParam[] = [];
  let said: Anthropic.Message | undefined;
  const send = async ({ stream, tool }: Omit<Question, "text">): Promise<Heard> => {
    const tools = tool ? { tools: [{ name: "look_up", input_schema: INPUT_SCHEMA }] } : {};
    const asked = { model, max_tokens: 1_000, messages, ...tools };
    said = stream ? await client.messages.stream(asked).finalMessage() : await client.messages.create(asked);
    messages.push({ role: "assistant", content: said.content });
    const { content, usage, stop_reason } = said;
    return {
      text: content.map((block) => (block.type === "text" ? block.text : "")).join(""),
      reasoning: content.map((block) => (block.type === "thinking" ? block.thinking : "")).join(""),
      calls: content.flatMap((block) => (block.type === "tool_use" ? [block.input] : [])),
      end: stop_reason,
      usage: { input: usage.input_tokens, output: usage.output_tokens },
    };
  };
  return {
    ask({ text, image, ...how }) {
      const source = { type: "base64" as const, media_type: "image/png" as const, data: PNG };
      const seen = image ? [{ type: "image" as const, source }] : [];
      messages.push({ role: "user", content: [{ type: "text", text }, ...seen] });
      return send(how);
    },
    giveResult(content) {
      const call = said?.content.find((block) => block.type === "tool_use");
      messages.push({ role: "user", content: [{ type: "tool_result", tool_use_id: call?.id ?? "", content }] });
      return send({ tool: true });
    },
  };
}

function geminiTalk(url: string, model: string, { traceparent }: Caller): Talk {
  const httpOptions = { baseUrl: `${url}/gemini`, headers: { traceparent } };
  const { models } = new GoogleGenAI({ apiKey: "any", httpOptions });
  const contents: { role: string; parts: Part[] }[] = [];
  let parts: Part[] = [];
  const send = async ({ stream, tool }: Omit<Question, "text">): Promise<Heard> => {
    const functionDeclarations = [{ name: "look_up", parametersJsonSchema: SCHEMA }];
    const toolConfig = { functionCallingConfig: { mode: FunctionCallingConfigMode.AUTO } };
    const config = tool ? { tools: [{ functionDeclarations }], toolConfig } : {};
    const asked = { model, contents, config };
    const chunks: readonly GenerateContentResponse[] = stream
      ? await Array.fromAsync(await models.generateContentStream(asked))
      : [await models.generateContent(asked)];
    parts = chunks.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []);
    contents.push({ role: "model", parts });
    const usage = chunks.at(-1)?.usageMetadata;
    return {
      text: parts.map(({ text = "", thought }) => (thought ? "" : text)).join(""),
      reasoning: parts.map(({ text = "", thought }) => (thought ? text : "")).join(""),
      calls: parts.flatMap(({ functionCall }) => (functionCall === undefined ? [] : [functionCall.args])),
      end: chunks.at(-1)?.candidates?.[0]?.finishReason,
      usage: {
        input: usage?.promptTokenCount ?? 0,
        output: (usage?.candidatesTokenCount ?? 0) + (usage?.thoughtsTokenCount ?? 0),
      },
    };
  };
  return {
    ask({ text, image, ...how }) {
      const seen = image ? [{ inlineData: { mimeType: "image/png", data: PNG } }] : [];
      contents.push({ role: "user", parts: [{ text }, ...seen] });
      return send(how);
    },
    giveResult(output) {
      const call = parts.find(({ functionCall }) => functionCall !== undefined)?.functionCall;
      const { name = "", id } = call ?? {};
      const functionResponse = { name, response: { output }, ...(id === undefined ? {} : { id }) };
      contents.push({ role: "user", parts: [{ functionResponse }] });
      return send({ tool: true });
    },
  };
}

function responsesTalk(url: string, model: string, { traceparent }: Caller): Talk {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "any", maxRetries: 0, defaultHeaders: { traceparent } });
  const input: OpenAI.Responses.ResponseInputItem[] = [];
  let said: OpenAI.Responses.Response | undefined;
  const send = async ({ stream, tool }: Omit<Question, "text">): Promise<Heard> => {
    const tools = [{ type: "function" as const, name: "look_up", parameters: { ...SCHEMA }, strict: false }];
    const asked = { model, input, store: false, ...(tool ? { tools } : {}) };
    said = stream ? await client.responses.stream(asked).finalResponse() : await client.responses.create(asked);
    const { output, output_text, usage, status } = said;
    for (const item of output) if (isInput(item)) input.push(item);
    return {
      text: output_text,
      reasoning: output
        .flatMap((item) => (item.type === "reasoning" ? item.summary : []))
        .map(({ text }) => text)
        .join(""),
      calls: output.flatMap((item) => (item.type === "function_call" ? [JSON.parse(item.arguments)] : [])),
      end: status,
      usage: { input: usage?.input_tokens ?? 0, output: usage?.output_tokens ?? 0 },
    };
  };
  return {
    ask({ text, image, ...how }) {
      const picture = {
        type: "input_image" as const,
        detail: "auto" as const,
        image_url: `data:image/png;base64,${PNG}`,
      };
      const seen = image ? [picture] : [];
      input.push({ role: "user", content: [{ type: "input_text", text }, ...seen] });
      return send(how);
    },
    giveResult(output) {
      const call = said?.output.find((item) => item.type === "function_call");
      input.push({ type: "function_call_output", call_id: call?.call_id ?? "", output });
      return send({ tool: true });
    },
  };
}

/** What the tests' models answer may all go back. */
function isInput(item: OpenAI.Responses.ResponseOutputItem) {
  return item.type === "message" || item.type === "reasoning" || item.type === "function_call";
}
