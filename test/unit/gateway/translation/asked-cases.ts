import type {
  JSONSchema7,
  LanguageModelV4CallOptions,
  LanguageModelV4FilePart,
  LanguageModelV4FunctionTool,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultOutput,
} from "@ai-sdk/provider";

/** A question, and nothing more. */
export const ASKED: LanguageModelV4Prompt = [{ role: "user", content: [{ type: "text", text: "hello-text" }] }];
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const PDF = "JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSPj4K";
const WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=";
const SCHEMA: JSONSchema7 = {
  type: "object",
  properties: { city: { type: "string", description: "schema-text" } },
  required: ["city"],
  additionalProperties: false,
};
/** A tool to call. */
export const TOOL: LanguageModelV4FunctionTool = {
  type: "function",
  name: "weather",
  description: "tool-text",
  inputSchema: SCHEMA,
};

/** Something to ask. */
export interface Case {
  readonly options: Partial<LanguageModelV4CallOptions>;
  /** What must be in the request that goes out. */
  readonly shows?: readonly string[];
  /** What the request must differ from. */
  readonly unlike?: Partial<LanguageModelV4CallOptions>;
}

function withFile(mediaType: string, data: string): LanguageModelV4Prompt {
  const file: LanguageModelV4FilePart = { type: "file", mediaType, data: { type: "data", data } };
  return [{ role: "user", content: [{ type: "text", text: "hello-text" }, file] }];
}

function withToolResult(withImage: boolean): LanguageModelV4Prompt {
  const image = { type: "file", mediaType: "image/png", data: { type: "data", data: PNG } } as const;
  const value = [{ type: "text" as const, text: "result-text" }, ...(withImage ? [image] : [])];
  const output = withImage ? ({ type: "content", value } as const) : ({ type: "text", value: "result-text" } as const);
  const call = { toolCallId: "call_abc123", toolName: "weather" };
  return [
    ...ASKED,
    { role: "assistant", content: [{ type: "tool-call", ...call, input: { city: "city-text" } }] },
    { role: "tool", content: [{ type: "tool-result", ...call, output }] },
  ];
}

function withDocument(data: LanguageModelV4FilePart["data"]): LanguageModelV4Prompt {
  return [{ role: "user", content: [{ type: "file", mediaType: "text/plain", data }] }];
}

function withOutput(output: LanguageModelV4ToolResultOutput): LanguageModelV4Prompt {
  const call = { toolCallId: "call_abc123", toolName: "weather" };
  return [
    ...ASKED,
    { role: "assistant", content: [{ type: "tool-call", ...call, input: { city: "city-text" } }] },
    { role: "tool", content: [{ type: "tool-result", ...call, output }] },
  ];
}

/** Each thing that a request can ask of a model, in the interface's words. */
export const CASES: Readonly<Record<string, Case>> = {
  "a limit of tokens": { options: { maxOutputTokens: 1777 }, shows: ["1777"] },
  "a temperature": { options: { temperature: 0.375 }, shows: ["0.375"] },
  "nucleus sampling": { options: { topP: 0.625 }, shows: ["0.625"] },
  "a top k": { options: { topK: 17 }, shows: ["17"] },
  "a presence penalty": { options: { presencePenalty: 0.875 }, shows: ["0.875"] },
  "a frequency penalty": { options: { frequencyPenalty: 0.875 }, shows: ["0.875"] },
  "a seed": { options: { seed: 987654 }, shows: ["987654"] },
  "a stop sequence": { options: { stopSequences: ["STOP-HERE"] }, shows: ["STOP-HERE"] },
  "much reasoning": { options: { reasoning: "high" }, unlike: {} },
  "some JSON": { options: { responseFormat: { type: "json" } }, unlike: {} },
  "JSON of a schema": {
    options: { responseFormat: { type: "json", schema: SCHEMA, name: "x" } },
    shows: ["schema-text"],
  },
  "a tool": { options: { tools: [TOOL] }, shows: ["weather", "tool-text", "schema-text"] },
  "a strict tool": { options: { tools: [{ ...TOOL, strict: true }] }, unlike: { tools: [TOOL] } },
  "that a tool is called": {
    options: { tools: [TOOL], toolChoice: { type: "required" } },
    unlike: { tools: [TOOL] },
  },
  "that no tool is called": {
    options: { tools: [TOOL], toolChoice: { type: "none" } },
    unlike: { tools: [TOOL] },
  },
  "one of two tools": {
    options: {
      tools: [TOOL, { ...TOOL, name: "clock" }],
      toolChoice: { type: "tool", toolName: "weather" },
    },
    unlike: { tools: [TOOL, { ...TOOL, name: "clock" }] },
  },
  "a system message": {
    options: { prompt: [{ role: "system", content: "system-text" }, ...ASKED] },
    shows: ["system-text"],
  },
  "a system message in the middle": {
    options: {
      prompt: [
        { role: "system", content: "first-text" },
        ...ASKED,
        { role: "assistant", content: [{ type: "text", text: "answer-text" }] },
        { role: "system", content: "second-text" },
        ...ASKED,
      ],
    },
    shows: ["first-text", "answer-text", "second-text"],
  },
  "an image": { options: { prompt: withFile("image/png", PNG) }, shows: [PNG] },
  "a PDF": { options: { prompt: withFile("application/pdf", PDF) }, shows: [PDF] },
  audio: { options: { prompt: withFile("audio/wav", WAV) }, shows: [WAV] },
  "a text file": { options: { prompt: withFile("text/plain", "ZmlsZS10ZXh0") }, shows: ["file-text|ZmlsZS10ZXh0"] },
  "a text document": {
    options: { prompt: withDocument({ type: "text", text: "document-text" }) },
    shows: ["document-text|ZG9jdW1lbnQtdGV4dA=="],
  },
  "a tool's error": {
    options: { tools: [TOOL], prompt: withOutput({ type: "error-text", value: "error-text" }) },
    shows: ["error-text"],
  },
  "a tool's error in JSON": {
    options: { tools: [TOOL], prompt: withOutput({ type: "error-json", value: { a: "error-text" } }) },
    shows: ["error-text"],
  },
  "a tool's result in JSON": {
    options: { tools: [TOOL], prompt: withOutput({ type: "json", value: { a: "result-text" } }) },
    shows: ["result-text"],
  },
  "a tool's result in two texts": {
    options: {
      tools: [TOOL],
      prompt: withOutput({
        type: "content",
        value: [
          { type: "text", text: "first-text" },
          { type: "text", text: "second-text" },
        ],
      }),
    },
    shows: ["first-text", "second-text"],
  },
  "two results and a word": {
    options: {
      tools: [TOOL],
      prompt: [...withToolResult(false), { role: "user", content: [{ type: "text", text: "word-text" }] }],
    },
    shows: ["result-text", "word-text"],
  },
  "the beginning of an answer": {
    options: { prompt: [...ASKED, { role: "assistant", content: [{ type: "text", text: "prefill-text" }] }] },
    shows: ["prefill-text"],
  },
  "two system messages": {
    options: {
      prompt: [{ role: "system", content: "first-text" }, { role: "system", content: "second-text" }, ...ASKED],
    },
    shows: ["first-text", "second-text"],
  },
  "a picture that the model made": {
    options: {
      prompt: [
        ...ASKED,
        { role: "assistant", content: [{ type: "file", mediaType: "image/png", data: { type: "data", data: PNG } }] },
        ...ASKED,
      ],
    },
    shows: [PNG],
  },
  "a little reasoning": { options: { reasoning: "minimal" }, unlike: {} },
  "most reasoning": { options: { reasoning: "max" }, unlike: {} },
  "a tool's result": {
    options: { tools: [TOOL], prompt: withToolResult(false) },
    shows: ["city-text", "result-text"],
  },
  "a tool's result with an image": {
    options: { tools: [TOOL], prompt: withToolResult(true) },
    shows: ["result-text", PNG],
  },
  "a tool's result without the tools": {
    options: { prompt: withToolResult(false) },
    shows: ["city-text", "result-text"],
  },
};
