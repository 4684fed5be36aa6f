import { describe, expect, it } from "vitest";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { sealOf } from "../../../../services/gateway/translation/carried-metadata.ts";
import { geminiGenerateContentCodec as codec } from "../../../../services/gateway/translation/gemini/generate-content.ts";
import { invocationOf, refusalOf } from "./field-coverage.ts";

const ASKED = { role: "user", parts: [{ text: "hi" }] };
const CALL = { functionCall: { name: "look_up", args: { city: "Bern" } } };
const FUNCTION = { name: "look_up", parameters: { type: "OBJECT", properties: { city: { type: "STRING" } } } };
const SCHEMA = { type: "object", properties: { city: { type: "string" } } };

function decode(more: object) {
  return codec.decode(invocationOf(Dialect.DIALECT_GEMINI_GENERATE_CONTENT, { contents: [ASKED], ...more }));
}

function promptOf(...contents: readonly object[]) {
  return decode({ contents }).options.prompt;
}

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
