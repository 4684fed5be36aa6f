import type * as Gemini from "@google/genai";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { geminiGenerateContentCodec as codec } from "../../../../services/gateway/translation/gemini/generate-content.ts";
import { describeDocumented, describeFields, type FieldCase, invocationOf } from "./field-coverage.ts";

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
describeDocumented("## Gemini's content", REQUEST);

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
  responseSchema: { translated: { type: "STRING" } },
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
  decode({
    generationConfig: { ...("responseJsonSchema" in field || "responseSchema" in field ? JSON_TYPE : {}), ...field },
  }),
);
describeDocumented("In `generationConfig`:", CONFIG);
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
