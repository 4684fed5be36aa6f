import { z } from "zod";
import { type Asked, askedOf, type Said, saidOf, type ToolChoice } from "../asked.ts";

const result = z.looseObject({ text: z.string().optional(), json: z.unknown().optional() });

const block = z.looseObject({
  text: z.string().optional(),
  image: z.looseObject({}).optional(),
  toolResult: z.looseObject({ content: z.array(result) }).optional(),
});

type Block = z.output<typeof block>;

/** A request to converse, as far as it matters here. */
export const converseShape = z.looseObject({
  system: z.array(z.looseObject({ text: z.string().optional() })).optional(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.array(block) })).min(1),
  inferenceConfig: z.looseObject({ maxTokens: z.int().optional() }).optional(),
  toolConfig: z
    .looseObject({
      tools: z.array(
        z.looseObject({
          toolSpec: z
            .looseObject({ name: z.string(), inputSchema: z.looseObject({ json: z.unknown().optional() }).optional() })
            .optional(),
        }),
      ),
      toolChoice: z
        .looseObject({ any: z.looseObject({}).optional(), tool: z.looseObject({ name: z.string() }).optional() })
        .optional(),
    })
    .optional(),
  additionalModelRequestFields: z
    .looseObject({
      output_config: z.looseObject({ format: z.looseObject({ schema: z.unknown().optional() }).optional() }).optional(),
    })
    .optional(),
});

type ConverseShape = z.output<typeof converseShape>;

/** What a request to converse asks. */
export function converseAskedOf(shape: ConverseShape, model: string): Asked {
  const tools = (shape.toolConfig?.tools ?? []).flatMap(({ toolSpec: tool }) =>
    tool === undefined ? [] : [{ name: tool.name, schema: tool.inputSchema?.json }],
  );
  return askedOf({
    model,
    said: [
      ...(shape.system === undefined ? [] : [saidOf("system", shape.system)]),
      ...shape.messages.map(({ role, content }) => saidIn(role, content)),
    ],
    tools,
    toolChoice: toolChoiceOf(shape),
    schema: shape.additionalModelRequestFields?.output_config?.format?.schema,
    tokensMax: shape.inferenceConfig?.maxTokens,
  });
}

function saidIn(role: string, content: readonly Block[]): Said {
  const results = content.flatMap(({ toolResult }) => toolResult?.content ?? []);
  if (results.length > 0) {
    return saidOf(
      "tool",
      results.map(({ text, json }) => ({ text: text ?? JSON.stringify(json) })),
    );
  }
  return saidOf(
    role === "assistant" ? "assistant" : "user",
    content.map(({ text, image }) => ({ text, image: image !== undefined })),
  );
}

function toolChoiceOf({ toolConfig }: ConverseShape): ToolChoice {
  const { any, tool } = toolConfig?.toolChoice ?? {};
  if (tool !== undefined) return { name: tool.name };
  return any === undefined ? "auto" : "required";
}
