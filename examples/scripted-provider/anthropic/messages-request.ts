import { z } from "zod";
import { type Asked, askedOf, type Said, saidOf, type ToolChoice } from "../asked.ts";

const part = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))]).optional(),
});

const content = z.union([z.string(), z.array(part)]);

/** A request for a message or for its count of tokens, as far as it matters here. */
export const messagesShape = z.looseObject({
  model: z.string().min(1),
  max_tokens: z.int().optional(),
  system: content.optional(),
  messages: z.array(z.looseObject({ role: z.string(), content })).min(1),
  stream: z.boolean().optional(),
  tools: z.array(z.looseObject({ name: z.string(), input_schema: z.unknown().optional() })).optional(),
  tool_choice: z.looseObject({ type: z.string(), name: z.string().optional() }).optional(),
  output_config: z
    .looseObject({ format: z.looseObject({ type: z.string(), schema: z.unknown().optional() }).nullish() })
    .nullish(),
});

/** What a message's request asks. */
export function messagesAskedOf(shape: z.output<typeof messagesShape>): Asked {
  return askedOf({
    model: shape.model,
    said: [
      ...(shape.system === undefined ? [] : [saidOf("system", partsOf(shape.system))]),
      ...shape.messages.map(({ role, content }) => saidIn(role, content)),
    ],
    tools: (shape.tools ?? []).map(({ name, input_schema: schema }) => ({ name, schema })),
    toolChoice: toolChoiceOf(shape.tool_choice),
    schema: shape.output_config?.format?.schema,
    tokensMax: shape.max_tokens,
  });
}

function saidIn(role: string, value: z.output<typeof content>): Said {
  const parts = partsOf(value);
  const results = typeof value === "string" ? [] : value.filter(({ type }) => type === "tool_result");
  if (results.length > 0) return saidOf("tool", parts);
  return saidOf(role === "user" || role === "assistant" ? role : "system", parts);
}

function partsOf(value: z.output<typeof content>): readonly { readonly text?: string | undefined; image?: boolean }[] {
  if (typeof value === "string") return [{ text: value }];
  return value.flatMap(({ type, text, content: inner }) =>
    inner === undefined ? [{ text, image: type === "image" }] : partsOf(inner),
  );
}

function toolChoiceOf(choice: z.output<typeof messagesShape>["tool_choice"]): ToolChoice {
  if (choice?.type === "tool" && choice.name !== undefined) return { name: choice.name };
  if (choice?.type === "none") return "none";
  return choice?.type === "any" ? "required" : "auto";
}
