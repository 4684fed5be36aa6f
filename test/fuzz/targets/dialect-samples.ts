import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { CANARY } from "../mutations.ts";

/** A dialect by its name, and samples of what is sent in it. */
export type Samples<Sample> = readonly (readonly [name: string, dialect: Dialect, samples: readonly Sample[]])[];

const TOOL = { type: "object", properties: { city: { type: "string" } } };
const CHAT = {
  model: "demo",
  stream: true,
  stream_options: { include_usage: true },
  messages: [
    { role: "system", content: CANARY },
    {
      role: "user",
      content: [
        { type: "text", text: CANARY },
        { type: "image_url", image_url: { url: "data:image/png;base64,QQ==" } },
      ],
    },
    { role: "assistant", tool_calls: [{ id: "t1", type: "function", function: { name: "weather", arguments: "{}" } }] },
    { role: "tool", tool_call_id: "t1", content: CANARY },
  ],
  tools: [{ type: "function", function: { name: "weather", parameters: TOOL } }],
  temperature: 0.5,
};
const GEMINI = {
  systemInstruction: { parts: [{ text: CANARY }] },
  contents: [
    { role: "user", parts: [{ text: CANARY }, { inlineData: { mimeType: "image/png", data: "QQ==" } }] },
    { role: "model", parts: [{ functionCall: { id: "t1", name: "weather", args: { a: 1 } } }] },
    { role: "user", parts: [{ functionResponse: { id: "t1", name: "weather", response: { output: CANARY } } }] },
  ],
  tools: [{ functionDeclarations: [{ name: "weather", parametersJsonSchema: TOOL }] }],
  generationConfig: { temperature: 1, stopSequences: ["x"] },
};

/** Requests. */
export const REQUESTS: Samples<object> = [
  ["openai chat", Dialect.DIALECT_OPENAI_CHAT, [CHAT]],
  [
    "openai responses",
    Dialect.DIALECT_OPENAI_RESPONSES,
    [
      { model: "demo", input: CANARY, stream: true },
      {
        model: "demo",
        instructions: CANARY,
        input: [
          { role: "user", content: [{ type: "input_text", text: CANARY }] },
          { type: "function_call", call_id: "t1", name: "weather", arguments: "{}" },
          { type: "function_call_output", call_id: "t1", output: CANARY },
        ],
        tools: [{ type: "function", name: "weather", parameters: TOOL, strict: false }],
      },
    ],
  ],
  ["openai embeddings", Dialect.DIALECT_OPENAI_EMBEDDINGS, [{ model: "demo", input: [CANARY, "two"], dimensions: 8 }]],
  [
    "anthropic messages",
    Dialect.DIALECT_ANTHROPIC_MESSAGES,
    [
      {
        model: "demo",
        max_tokens: 5,
        system: [{ type: "text", text: CANARY }],
        messages: [
          {
            role: "user",
            content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "QQ==" } }],
          },
          { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "weather", input: { a: CANARY } }] },
          { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: CANARY }] },
        ],
        tools: [{ name: "weather", input_schema: TOOL }],
      },
    ],
  ],
  ["gemini generateContent", Dialect.DIALECT_GEMINI_GENERATE_CONTENT, [GEMINI]],
  ["gemini streamGenerateContent", Dialect.DIALECT_GEMINI_STREAM_GENERATE_CONTENT, [GEMINI]],
  [
    "gemini batchEmbedContents",
    Dialect.DIALECT_GEMINI_BATCH_EMBED_CONTENTS,
    [{ requests: [{ model: "models/demo", content: { parts: [{ text: CANARY }] } }] }],
  ],
  ["mlflow chat", Dialect.DIALECT_MLFLOW_CHAT, [CHAT]],
];

const USAGE = { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5, prompt_tokens_details: { cached_tokens: 1 } };
const CANDIDATE = { content: { role: "model", parts: [{ text: CANARY }] }, finishReason: "STOP", index: 0 };
const GEMINI_USAGE = { promptTokenCount: 2, candidatesTokenCount: 3, totalTokenCount: 5 };
const GEMINI_ANSWER = { candidates: [CANDIDATE], usageMetadata: GEMINI_USAGE, modelVersion: "m", responseId: "r1" };
const MESSAGE = {
  id: "m1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [{ type: "text", text: CANARY }],
  stop_reason: "end_turn",
  usage: { input_tokens: 2, output_tokens: 3 },
};
const RESPONSE = {
  id: "r1",
  object: "response",
  status: "completed",
  model: "m",
  output: [
    { type: "message", id: "i1", role: "assistant", content: [{ type: "output_text", text: CANARY, annotations: [] }] },
  ],
  usage: { input_tokens: 2, output_tokens: 3, total_tokens: 5 },
};

/** Whole answers. */
export const ANSWERS: Samples<object> = [
  [
    "openai chat",
    Dialect.DIALECT_OPENAI_CHAT,
    [
      {
        id: "c1",
        model: "m",
        choices: [{ index: 0, message: { role: "assistant", content: CANARY }, finish_reason: "stop" }],
        usage: USAGE,
      },
    ],
  ],
  ["openai responses", Dialect.DIALECT_OPENAI_RESPONSES, [RESPONSE]],
  [
    "openai embeddings",
    Dialect.DIALECT_OPENAI_EMBEDDINGS,
    [
      {
        object: "list",
        model: "m",
        data: [{ index: 0, embedding: [0.5, -1] }],
        usage: { prompt_tokens: 2, total_tokens: 2 },
      },
    ],
  ],
  ["anthropic messages", Dialect.DIALECT_ANTHROPIC_MESSAGES, [MESSAGE]],
  ["gemini generateContent", Dialect.DIALECT_GEMINI_GENERATE_CONTENT, [GEMINI_ANSWER]],
];

const events = (...chunks: readonly object[]) => chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("");
const named = (...chunks: readonly { readonly type: string; readonly [member: string]: unknown }[]) =>
  chunks.map((chunk) => `event: ${chunk.type}\ndata: ${JSON.stringify(chunk)}\n\n`).join("");
const delta = (content: string, finish_reason: string | null = null) => ({
  id: "c1",
  model: "m",
  choices: [{ index: 0, delta: { content }, finish_reason }],
});

/** Streams of events. */
export const STREAMS: Samples<string> = [
  [
    "openai chat",
    Dialect.DIALECT_OPENAI_CHAT,
    [
      `${events(delta(CANARY), delta(" two", "stop"), { id: "c1", model: "m", choices: [], usage: USAGE })}data: [DONE]\n\n`,
      `: keep-alive\r\n\r\n${events({ error: { message: CANARY, type: "server_error" } })}`,
    ],
  ],
  [
    "openai responses",
    Dialect.DIALECT_OPENAI_RESPONSES,
    [
      named(
        { type: "response.created", response: { ...RESPONSE, status: "in_progress", output: [] }, sequence_number: 0 },
        {
          type: "response.output_item.added",
          output_index: 0,
          item: { type: "message", id: "i1", role: "assistant", content: [] },
        },
        {
          type: "response.content_part.added",
          item_id: "i1",
          output_index: 0,
          content_index: 0,
          part: { type: "output_text", text: "" },
        },
        { type: "response.output_text.delta", item_id: "i1", output_index: 0, content_index: 0, delta: CANARY },
        { type: "response.completed", response: RESPONSE, sequence_number: 4 },
      ),
    ],
  ],
  [
    "anthropic messages",
    Dialect.DIALECT_ANTHROPIC_MESSAGES,
    [
      named(
        { type: "message_start", message: { ...MESSAGE, content: [], stop_reason: null } },
        { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
        { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: CANARY } },
        { type: "content_block_stop", index: 0 },
        { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 3 } },
        { type: "message_stop" },
      ),
    ],
  ],
  [
    "gemini streamGenerateContent",
    Dialect.DIALECT_GEMINI_STREAM_GENERATE_CONTENT,
    [events(GEMINI_ANSWER, GEMINI_ANSWER)],
  ],
];

/** A stream that is one array. */
export const ARRAYS: readonly string[] = [
  `[${JSON.stringify(GEMINI_ANSWER)},\n${JSON.stringify(GEMINI_ANSWER)}]`,
  "[]",
];
