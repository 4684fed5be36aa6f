import { z } from "zod";
import { type Asked, askedOf, type Said, saidOf, type ToolChoice } from "../asked.ts";

const part = z.looseObject({
  text: z.string().optional(),
  thought: z.boolean().optional(),
  inlineData: z.looseObject({ mimeType: z.string().optional() }).optional(),
  fileData: z.looseObject({ mimeType: z.string().optional() }).optional(),
  functionResponse: z.looseObject({ response: z.record(z.string(), z.unknown()) }).optional(),
});

/** What somebody said. */
export const contentShape = z.looseObject({ role: z.string().optional(), parts: z.array(part).optional() });

type Content = z.output<typeof contentShape>;

const declaration = z.looseObject({
  name: z.string(),
  parameters: z.unknown().optional(),
  parametersJsonSchema: z.unknown().optional(),
});

/** A request for content, as far as it matters here. */
export const generateShape = z.looseObject({
  contents: z.array(contentShape).min(1),
  systemInstruction: contentShape.optional(),
  tools: z.array(z.looseObject({ functionDeclarations: z.array(declaration).optional() })).optional(),
  toolConfig: z
    .looseObject({
      functionCallingConfig: z
        .looseObject({ mode: z.string().optional(), allowedFunctionNames: z.array(z.string()).optional() })
        .optional(),
    })
    .optional(),
  generationConfig: z
    .looseObject({
      maxOutputTokens: z.int().optional(),
      responseMimeType: z.string().optional(),
      responseSchema: z.unknown().optional(),
      responseJsonSchema: z.unknown().optional(),
    })
    .optional(),
});

type GenerateShape = z.output<typeof generateShape>;

/** What a request for content asks. */
export function generateAskedOf(shape: GenerateShape, model: string): Asked {
  const { contents, systemInstruction: system, tools = [], generationConfig: config } = shape;
  const declared = tools.flatMap(({ functionDeclarations = [] }) => functionDeclarations);
  const json = config?.responseMimeType === "application/json";
  return askedOf({
    model,
    said: [...(system === undefined ? [] : [saidOf("system", partsOf(system))]), ...contents.map(saidInContent)],
    tools: declared.map((tool) => ({ name: tool.name, schema: tool.parametersJsonSchema ?? tool.parameters })),
    toolChoice: toolChoiceOf(shape),
    schema: json ? (config.responseJsonSchema ?? config.responseSchema ?? {}) : undefined,
    tokensMax: config?.maxOutputTokens,
  });
}

/** What was said in a content. */
export function saidInContent(content: Content): Said {
  const parts = content.parts ?? [];
  if (parts.some(({ functionResponse }) => functionResponse !== undefined)) return saidOf("tool", partsOf(content));
  return saidOf(content.role === "model" ? "assistant" : "user", partsOf(content));
}

function partsOf({ parts = [] }: Content) {
  return parts.map(({ text, thought, inlineData, fileData, functionResponse }) => ({
    text: thought ? undefined : (text ?? (functionResponse && resultOf(functionResponse.response))),
    image: (inlineData ?? fileData)?.mimeType?.startsWith("image/") ?? false,
  }));
}

/** A tool's result: the text under one of the names that clients have for it, or all of it as JSON. */
function resultOf(response: Readonly<Record<string, unknown>>): string {
  const told = [response["output"], response["result"], response["content"]].find((value) => typeof value === "string");
  return typeof told === "string" ? told : JSON.stringify(response);
}

function toolChoiceOf({ toolConfig }: GenerateShape): ToolChoice {
  const { mode, allowedFunctionNames: [name] = [] } = toolConfig?.functionCallingConfig ?? {};
  if (mode === "NONE") return "none";
  if (mode === "ANY") return name === undefined ? "required" : { name };
  return "auto";
}
