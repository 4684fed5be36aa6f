/** The places of a request in which something can be planted. */
export interface Planted {
  readonly system: string;
  readonly prompt: string;
  readonly toolDescription: string;
  readonly toolArguments: string;
  readonly toolResult: string;
  /** The bytes of an image, in base64. */
  readonly image: string;
  readonly stop: string;
}

/** How a request of a dialect comes in over HTTP. */
export interface PlantedRequest {
  readonly dialect: string;
  /** Who is asked besides a provider that speaks the dialect: one that is sent a translation. Undefined: nobody can be. */
  readonly translatedFor: "claude" | "gpt" | undefined;
  path(endpoint: string, stream: boolean): string;
  body(endpoint: string, stream: boolean, planted: Planted): object;
  /** The places that the dialect does not have. */
  readonly lacks: readonly string[];
}

const NO_ARGUMENTS = { type: "object", properties: {} };

/** A conversation in every dialect, with everything planted that it has a place for: a tool was called and has answered. */
export const PLANTED_REQUESTS: readonly PlantedRequest[] = [
  {
    dialect: "openai chat",
    translatedFor: "claude",
    path: () => "/v1/chat/completions",
    body: (model, stream, planted) => ({ model, stream, ...chatOf(planted) }),
    lacks: [],
  },
  {
    dialect: "openai responses",
    translatedFor: "claude",
    path: () => "/v1/responses",
    body: (model, stream, planted) => ({ model, stream, store: false, ...responseOf(planted) }),
    lacks: ["stop"],
  },
  {
    dialect: "anthropic",
    translatedFor: "gpt",
    path: () => "/anthropic/v1/messages",
    body: (model, stream, planted) => ({ model, stream, max_tokens: 100, ...messageOf(planted) }),
    lacks: [],
  },
  {
    dialect: "gemini events",
    translatedFor: "claude",
    path: (endpoint, stream) => `${geminiPath(endpoint, stream)}${stream ? "?alt=sse" : ""}`,
    body: (_model, _stream, planted) => contentOf(planted),
    lacks: [],
  },
  {
    dialect: "gemini array",
    translatedFor: "gpt",
    path: geminiPath,
    body: (_model, _stream, planted) => contentOf(planted),
    lacks: [],
  },
  {
    dialect: "mlflow chat",
    translatedFor: "claude",
    path: () => "/gateway/mlflow/v1/chat/completions",
    body: (model, stream, planted) => ({ model, stream, ...chatOf(planted) }),
    lacks: [],
  },
  {
    dialect: "mlflow invocations",
    translatedFor: "claude",
    path: (endpoint) => `/gateway/${endpoint}/mlflow/invocations`,
    body: (_model, stream, planted) => ({ stream, ...chatOf(planted) }),
    lacks: [],
  },
  {
    dialect: "raw",
    translatedFor: undefined,
    path: (endpoint) => `/gateway/proxy/${endpoint}/chat/completions`,
    body: (model, stream, planted) => ({ model, stream, ...chatOf(planted) }),
    lacks: [],
  },
];

/** The members of a chat completion's body in which something is planted. */
export function chatOf({ system, prompt, toolDescription, toolArguments, toolResult, image, stop }: Planted) {
  const called = { name: "look", arguments: JSON.stringify({ a: toolArguments }) };
  return {
    messages: [
      { role: "system", content: system },
      { role: "user", content: "call the tool" },
      { role: "assistant", content: null, tool_calls: [{ id: "call_1", type: "function", function: called }] },
      { role: "tool", tool_call_id: "call_1", content: toolResult },
      { role: "assistant", content: "what else?" },
      {
        role: "user",
        content: [
          { type: "text", text: prompt },
          { type: "image_url", image_url: { url: `data:image/png;base64,${image}` } },
        ],
      },
    ],
    tools: [{ type: "function", function: { name: "look", description: toolDescription, parameters: NO_ARGUMENTS } }],
    stop: [stop],
  };
}

function responseOf({ system, prompt, toolDescription, toolArguments, toolResult, image }: Planted): object {
  return {
    instructions: system,
    input: [
      { role: "user", content: "call the tool" },
      { type: "function_call", call_id: "call_1", name: "look", arguments: JSON.stringify({ a: toolArguments }) },
      { type: "function_call_output", call_id: "call_1", output: toolResult },
      { role: "assistant", content: "what else?" },
      {
        role: "user",
        content: [
          { type: "input_text", text: prompt },
          { type: "input_image", image_url: `data:image/png;base64,${image}` },
        ],
      },
    ],
    tools: [{ type: "function", name: "look", description: toolDescription, parameters: NO_ARGUMENTS, strict: false }],
  };
}

function messageOf({ system, prompt, toolDescription, toolArguments, toolResult, image, stop }: Planted): object {
  return {
    system,
    messages: [
      { role: "user", content: "call the tool" },
      { role: "assistant", content: [{ type: "tool_use", id: "call_1", name: "look", input: { a: toolArguments } }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "call_1", content: toolResult }] },
      { role: "assistant", content: "what else?" },
      {
        role: "user",
        content: [
          { type: "text", text: prompt },
          { type: "image", source: { type: "base64", media_type: "image/png", data: image } },
        ],
      },
    ],
    tools: [{ name: "look", description: toolDescription, input_schema: NO_ARGUMENTS }],
    stop_sequences: [stop],
  };
}

function geminiPath(endpoint: string, stream: boolean): string {
  return `/gemini/v1beta/models/${endpoint}:${stream ? "streamGenerateContent" : "generateContent"}`;
}

function contentOf({ system, prompt, toolDescription, toolArguments, toolResult, image, stop }: Planted): object {
  return {
    systemInstruction: { parts: [{ text: system }] },
    contents: [
      { role: "user", parts: [{ text: "call the tool" }] },
      { role: "model", parts: [{ functionCall: { name: "look", args: { a: toolArguments } } }] },
      { role: "user", parts: [{ functionResponse: { name: "look", response: { output: toolResult } } }] },
      { role: "model", parts: [{ text: "what else?" }] },
      { role: "user", parts: [{ text: prompt }, { inlineData: { mimeType: "image/png", data: image } }] },
    ],
    tools: [{ functionDeclarations: [{ name: "look", description: toolDescription }] }],
    generationConfig: { stopSequences: [stop] },
  };
}
