import type * as Gemini from "@google/genai";
import { describe, expect, it } from "vitest";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { sealOf } from "../../../../services/gateway/translation/carried-metadata.ts";
import {
  geminiBatchEmbedContentsCodec,
  geminiEmbedContentCodec,
} from "../../../../services/gateway/translation/gemini/embed-content.ts";
import { geminiGenerateContentCodec as codec } from "../../../../services/gateway/translation/gemini/generate-content.ts";
import { describeFields, type FieldCase, invocationOf, refusalOf } from "../../../helpers/field-coverage.ts";

const ASKED = { role: "user", parts: [{ text: "hi" }] };

function decode(more: object) {
  return codec.decode(invocationOf(Dialect.DIALECT_GEMINI_GENERATE_CONTENT, { contents: [ASKED], ...more }));
}

function promptOf(...contents: readonly object[]) {
  return decode({ contents }).options.prompt;
}

const FUNCTION = { name: "look_up", parameters: { type: "OBJECT", properties: { city: { type: "STRING" } } } };
const SCHEMA = { type: "object", properties: { city: { type: "string" } } };

/** What the SDK's configuration is in the body: some of it stands beside `generationConfig`, some is the SDK's own. */
type ConfigField = Exclude<
  keyof Gemini.GenerateContentConfig,
  RequestField | "httpOptions" | "abortSignal" | "automaticFunctionCalling" | "automaticContinuation"
>;
type RequestField =
  | "contents"
  | "systemInstruction"
  | "tools"
  | "toolConfig"
  | "safetySettings"
  | "cachedContent"
  | "labels"
  | "serviceTier"
  | "store"
  | "continuationToken"
  | "modelArmorConfig"
  | "generationOutputConfig";

const REQUEST: Readonly<Record<RequestField, FieldCase>> = {
  contents: { translated: [{ parts: [{ text: "bye" }] }] },
  systemInstruction: { translated: { parts: [{ text: "be brief" }] } },
  tools: { translated: [{ functionDeclarations: [FUNCTION] }] },
  toolConfig: { translated: { functionCallingConfig: { mode: "ANY" } } },
  safetySettings: { refused: [{ category: "x", threshold: "BLOCK_LOW_AND_ABOVE" }], field: "threshold" },
  cachedContent: { refused: "cachedContents/1" },
  labels: { leftOut: { team: "a" } },
  serviceTier: { refused: "flex" },
  store: { leftOut: true },
  continuationToken: { refused: "x" },
  modelArmorConfig: { refused: { x: 1 } },
  generationOutputConfig: { refused: { x: 1 } },
};
describeFields("a request to generate content", REQUEST, decode);

const CONFIG: Readonly<Record<ConfigField, FieldCase>> = {
  temperature: { translated: 0.5 },
  topP: { translated: 0.4 },
  topK: { translated: 4 },
  candidateCount: { refused: 2 },
  maxOutputTokens: { translated: 7 },
  stopSequences: { translated: ["\n"] },
  responseLogprobs: { refused: true },
  logprobs: { refused: 3 },
  presencePenalty: { translated: 0.1 },
  frequencyPenalty: { translated: 0.1 },
  seed: { translated: 1 },
  responseMimeType: { translated: "application/json" },
  responseSchema: { refused: { $ref: "x" }, field: "responseSchema.…" },
  responseJsonSchema: { translated: SCHEMA },
  routingConfig: { refused: { x: 1 } },
  modelSelectionConfig: { refused: { x: 1 } },
  responseModalities: { refused: ["IMAGE"] },
  mediaResolution: { refused: "MEDIA_RESOLUTION_LOW" },
  speechConfig: { refused: { x: 1 } },
  audioTimestamp: { refused: true },
  thinkingConfig: { translated: { thinkingBudget: 0 } },
  audioTranscriptionConfig: { refused: { x: 1 } },
  imageConfig: { refused: { x: 1 } },
  enableEnhancedCivicAnswers: { refused: true },
};
describeFields("a generation's configuration", CONFIG, (field) =>
  decode({ generationConfig: { ...("responseJsonSchema" in field ? JSON_TYPE : {}), ...field } }),
);
const JSON_TYPE = { responseMimeType: "application/json" };

const PART: Readonly<Record<keyof Gemini.Part, FieldCase>> = {
  text: "required",
  thought: { translated: true },
  thoughtSignature: { translated: "c2ln" },
  inlineData: { translated: { mimeType: "image/png", data: "aGk=" } },
  fileData: { translated: { mimeType: "image/png", fileUri: "https://example.com/a" } },
  functionCall: { translated: { name: "look_up", args: {} } },
  functionResponse: { invalid: { name: "look_up", response: {} } },
  audioTranscription: { refused: { x: 1 } },
  codeExecutionResult: { refused: { x: 1 } },
  executableCode: { refused: { x: 1 } },
  mediaProcessing: { refused: { x: 1 } },
  mediaResolution: { refused: { x: 1 } },
  partMetadata: { refused: { x: 1 } },
  speechMetadata: { refused: { x: 1 } },
  toolCall: { refused: { x: 1 } },
  toolResponse: { refused: { x: 1 } },
  videoMetadata: { refused: { fps: 1 } },
};
const OTHER_DATA = new Set(["inlineData", "fileData", "functionCall", "functionResponse"]);
describeFields("a model's part", PART, (field) => {
  const base = Object.keys(field).some((name) => OTHER_DATA.has(name)) ? {} : { text: "hi" };
  return promptOf(ASKED, { role: "model", parts: [{ ...base, ...field }] });
});

const TOOL: Readonly<Record<keyof Gemini.Tool, FieldCase>> = {
  functionDeclarations: { translated: [FUNCTION] },
  codeExecution: { refused: { x: 1 } },
  computerUse: { refused: { x: 1 } },
  enterpriseWebSearch: { refused: { x: 1 } },
  exaAiSearch: { refused: { x: 1 } },
  fileSearch: { refused: { x: 1 } },
  googleMaps: { refused: { x: 1 } },
  googleSearch: { refused: {} },
  googleSearchRetrieval: { refused: { x: 1 } },
  mcpServers: { refused: [{ x: 1 }] },
  parallelAiSearch: { refused: { x: 1 } },
  retrieval: { refused: { x: 1 } },
  urlContext: { refused: {} },
};
describeFields("a tool", TOOL, (field) => decode({ tools: [field] }));

const DECLARED: Readonly<Record<keyof Gemini.FunctionDeclaration, FieldCase>> = {
  name: { translated: "other" },
  description: { translated: "looks things up" },
  parameters: { translated: { type: "OBJECT" } },
  parametersJsonSchema: { translated: { type: "object", title: "x" } },
  behavior: { refused: "NON_BLOCKING" },
  response: { refused: { type: "STRING" } },
  responseJsonSchema: { refused: { type: "string" } },
};
describeFields("a function", DECLARED, (field) =>
  decode({ tools: [{ functionDeclarations: [{ ...FUNCTION, ...field }] }] }),
);

const CALL = { functionCall: { name: "look_up", args: { city: "Bern" } } };
const RESPONSE: Readonly<Record<keyof Gemini.FunctionResponse, FieldCase>> = {
  name: "required",
  id: { translated: "call_2" },
  response: { translated: { output: "sunny" } },
  parts: { translated: [{ inlineData: { mimeType: "image/png", data: "aGk=" } }] },
  scheduling: { refused: "SILENT" },
  willContinue: { refused: true },
};
describeFields("the result of a function", RESPONSE, (field) =>
  promptOf(
    ASKED,
    { role: "model", parts: [CALL, { functionCall: { ...CALL.functionCall, id: "call_2" } }] },
    { role: "user", parts: [{ functionResponse: { name: "look_up", ...field } }] },
  ),
);

const SCHEMA_FIELDS: Readonly<Record<keyof Gemini.Schema, FieldCase>> = {
  anyOf: { translated: [{ type: "STRING" }] },
  default: { translated: 1 },
  description: { translated: "x" },
  enum: { translated: ["a"] },
  example: { translated: 1 },
  format: { translated: "int32" },
  items: { translated: { type: "STRING" } },
  maxItems: { translated: "3" },
  maxLength: { translated: "3" },
  maxProperties: { translated: 3 },
  maximum: { translated: 3 },
  minItems: { translated: "3" },
  minLength: { translated: "3" },
  minProperties: { translated: "3" },
  minimum: { translated: 3 },
  nullable: { translated: true },
  pattern: { translated: "x" },
  properties: { translated: { a: { type: "STRING" } } },
  propertyOrdering: { leftOut: ["a"] },
  required: { translated: ["a"] },
  title: { translated: "x" },
  type: { translated: "INTEGER" },
};
describeFields("a schema of Google's", SCHEMA_FIELDS, (field) =>
  decode({ tools: [{ functionDeclarations: [{ name: "a", parameters: { type: "OBJECT", ...field } }] }] }),
);

describe("a conversation of Gemini's", () => {
  it("finds the calls of results by name, where they have no ids", () => {
    const result = (output: string) => ({ functionResponse: { name: "look_up", response: { output } } });
    const prompt = promptOf(
      ASKED,
      { role: "model", parts: [CALL, CALL] },
      { role: "user", parts: [result("sunny"), result("rainy"), { text: "and tomorrow?" }] },
    );
    const called = { type: "tool-call", toolName: "look_up", input: { city: "Bern" } };
    const given = { type: "tool-result", toolName: "look_up" };
    expect(prompt.slice(1)).toEqual([
      {
        role: "assistant",
        content: [
          { ...called, toolCallId: "call_1" },
          { ...called, toolCallId: "call_2" },
        ],
      },
      {
        role: "tool",
        content: [
          { ...given, toolCallId: "call_1", output: { type: "text", value: "sunny" } },
          { ...given, toolCallId: "call_2", output: { type: "text", value: "rainy" } },
        ],
      },
      { role: "user", content: [{ type: "text", text: "and tomorrow?" }] },
    ]);
  });

  it("tells what went wrong in a function as an error", () => {
    const output = (response: object) => {
      const result = { functionResponse: { name: "look_up", response } };
      const content = promptOf(ASKED, { role: "model", parts: [CALL] }, { role: "function", parts: [result] })[2]
        ?.content;
      const [part] = Array.isArray(content) ? content : [];
      return part !== undefined && "output" in part ? part.output : undefined;
    };
    expect(output({ error: "no such city" })).toEqual({ type: "error-text", value: "no such city" });
    expect(output({ output: { sky: "blue" } })).toEqual({ type: "json", value: { sky: "blue" } });
    expect(output({ sky: "blue" })).toEqual({ type: "json", value: { sky: "blue" } });
  });

  it("gives signatures back to whoever made them, on whatever part they stand", () => {
    const sealed = sealOf({ anthropic: { signature: "sig" } });
    const [, turn] = promptOf(ASKED, {
      role: "model",
      parts: [
        { text: "hm", thought: true, thoughtSignature: sealed },
        { ...CALL, thoughtSignature: "Y2FsbA==" },
      ],
    });
    expect(turn?.content).toEqual([
      { type: "reasoning", text: "hm", providerOptions: { anthropic: { signature: "sig" } } },
      expect.objectContaining({ type: "tool-call", providerOptions: { google: { thoughtSignature: "Y2FsbA==" } } }),
    ]);
  });

  it("may be written with underscores", () => {
    const body = {
      system_instruction: { parts: [{ text: "be brief" }] },
      contents: [{ parts: [{ inline_data: { mime_type: "image/png", data: "aGk=" } }] }],
      generation_config: { max_output_tokens: 7 },
    };
    const { options } = decode(body);
    expect(options.maxOutputTokens).toBe(7);
    expect(options.prompt).toEqual([
      { role: "system", content: "be brief" },
      { role: "user", content: [{ type: "file", mediaType: "image/png", data: { type: "data", data: "aGk=" } }] },
    ]);
  });
});

describe("what is asked of Gemini's answer", () => {
  it("is how much to think, as a level or a budget", () => {
    const reasoning = (thinkingConfig: object) => decode({ generationConfig: { thinkingConfig } }).options.reasoning;
    expect(reasoning({ thinkingLevel: "HIGH" })).toBe("high");
    expect(reasoning({ thinkingBudget: -1 })).toBe("provider-default");
    expect(reasoning({ thinkingBudget: 4_096, includeThoughts: true })).toBe("low");
  });

  it("is a schema, whichever way it is written", () => {
    const format = (config: object) =>
      decode({ generationConfig: { responseMimeType: "application/json", ...config } }).options.responseFormat;
    const expected = { type: "json", schema: SCHEMA };
    expect(format({ responseJsonSchema: SCHEMA })).toEqual(expected);
    expect(format({ responseSchema: FUNCTION.parameters })).toEqual(expected);
    expect(format({ responseSchema: { type: "STRING", enum: ["a"], nullable: true, format: "enum" } })).toEqual({
      type: "json",
      schema: { type: ["string", "null"], enum: ["a", null] },
    });
  });

  it("is which function to call", () => {
    const choice = (functionCallingConfig: object) =>
      decode({ toolConfig: { functionCallingConfig } }).options.toolChoice;
    expect(choice({ mode: "ANY", allowedFunctionNames: ["look_up"] })).toEqual({ type: "tool", toolName: "look_up" });
    expect(choice({ mode: "NONE" })).toEqual({ type: "none" });
  });
});

describe("a request that is not of Gemini's format", () => {
  it.each([
    ["contents", { contents: [] }],
    ["contents[0].role", { contents: [{ role: "system", parts: [] }] }],
    ["contents[0].parts[0].text", { contents: [{ parts: [{}] }] }],
    ["contents[0].parts[0].functionResponse.name", { contents: [{ parts: [{ functionResponse: { name: "x" } }] }] }],
    ["generationConfig.responseMimeType", { generationConfig: { responseSchema: { type: "STRING" } } }],
    ["generationConfig.thinkingConfig.thinkingLevel", { generationConfig: { thinkingConfig: { thinkingLevel: "X" } } }],
    [
      "tools[0].functionDeclarations[0].parameters.type",
      { tools: [{ functionDeclarations: [{ name: "a", parameters: { type: "X" } }] }] },
    ],
  ])("is refused with the field: %s", (field, more) => {
    expect(refusalOf(() => decode(more))).toMatchObject({ kind: "invalid_request", field });
  });

  it.each([
    ["toolConfig.functionCallingConfig.mode", { toolConfig: { functionCallingConfig: { mode: "VALIDATED" } } }],
    [
      "contents[0].parts[0].fileData.fileUri",
      {
        contents: [{ parts: [{ fileData: { fileUri: "https://generativelanguage.googleapis.com/v1beta/files/a" } }] }],
      },
    ],
    ["generationConfig.responseMimeType", { generationConfig: { responseMimeType: "text/x.enum" } }],
  ])("cannot be translated when it is Google's own: %s", (field, more) => {
    expect(refusalOf(() => decode(more))).toMatchObject({ kind: "untranslatable", field });
  });
});

describe("a request for embeddings", () => {
  const content = (text: string) => ({ content: { parts: [{ text }] } });
  const decodeOne = (more: object) =>
    geminiEmbedContentCodec.decode(invocationOf(Dialect.DIALECT_GEMINI_EMBED_CONTENT, { ...content("a"), ...more }));
  const decodeMany = (...requests: readonly object[]) =>
    geminiBatchEmbedContentsCodec.decode(invocationOf(Dialect.DIALECT_GEMINI_BATCH_EMBED_CONTENTS, { requests }));

  const CONFIG_FIELDS: Readonly<
    Record<Exclude<keyof Gemini.EmbedContentConfig, "httpOptions" | "abortSignal">, FieldCase>
  > = {
    taskType: { refused: "RETRIEVAL_QUERY" },
    title: { refused: "x" },
    outputDimensionality: { translated: 3 },
    mimeType: { refused: "text/plain" },
    autoTruncate: { refused: true },
    documentOcr: { refused: true },
    audioTrackExtraction: { refused: true },
  };
  describeFields("its fields", CONFIG_FIELDS, decodeOne);

  it("is read, one text or many", () => {
    expect(decodeOne({}).options).toEqual({ values: ["a"] });
    const many = ["a", "b"].map((text) => ({ model: "models/x", ...content(text), outputDimensionality: 3 }));
    expect(decodeMany(...many).options).toEqual({ values: ["a", "b"], dimensions: 3 });
  });

  it("asks for embeddings of one length", () => {
    const { field } = refusalOf(() => decodeMany(content("a"), { ...content("b"), outputDimensionality: 3 }));
    expect(field).toBe("requests");
  });
});
