import { z } from "zod";
import { type Asked, askedOf, type Said, saidOf, type ToolChoice } from "../asked.ts";

const content = z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))]);

const namedTool = z.looseObject({ name: z.string(), parameters: z.unknown().optional() });

/** A chat completion's request, as far as it matters here. */
export const chatShape = z.looseObject({
  model: z.string().min(1),
  messages: z.array(z.looseObject({ role: z.string(), content: content.nullish() })).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z.array(z.looseObject({ function: namedTool.optional() })).nullish(),
  tool_choice: z
    .union([z.string(), z.looseObject({ function: z.looseObject({ name: z.string() }).optional() })])
    .nullish(),
  response_format: z
    .looseObject({ type: z.string(), json_schema: z.looseObject({ schema: z.unknown().optional() }).nullish() })
    .nullish(),
  max_tokens: z.int().nullish(),
  max_completion_tokens: z.int().nullish(),
});

/** A chat completion's request. */
export type ChatShape = z.output<typeof chatShape>;

/** What a chat completion asks. */
export function chatAskedOf(shape: ChatShape): Asked {
  const tools = (shape.tools ?? []).flatMap(({ function: tool }) =>
    tool === undefined ? [] : [{ name: tool.name, schema: tool.parameters }],
  );
  const { type, json_schema: named } = shape.response_format ?? { type: "text" };
  return askedOf({
    model: shape.model,
    said: shape.messages.map(({ role, content }) => saidIn(role, content)),
    tools,
    toolChoice: toolChoiceOf(shape.tool_choice),
    // Cohere has the schema itself here.
    schema: type === "text" ? undefined : (named?.schema ?? named ?? {}),
    tokensMax: shape.max_completion_tokens ?? shape.max_tokens,
  });
}

function saidIn(role: string, content: ChatShape["messages"][number]["content"]): Said {
  const by = role === "user" || role === "tool" || role === "assistant" ? role : "system";
  const parts = typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []);
  return saidOf(
    by,
    parts.map(({ type, text }) => ({ text, image: type === "image_url" })),
  );
}

function toolChoiceOf(choice: ChatShape["tool_choice"]): ToolChoice {
  if (typeof choice === "object" && choice?.function !== undefined) return { name: choice.function.name };
  // Mistral says `any`, and Cohere shouts.
  const word = typeof choice === "string" ? choice.toLowerCase() : "auto";
  if (word === "none") return "none";
  return word === "required" || word === "any" ? "required" : "auto";
}
