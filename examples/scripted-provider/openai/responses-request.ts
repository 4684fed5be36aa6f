import { z } from "zod";
import { type Asked, askedOf, type Said, saidOf, type ToolChoice } from "../asked.ts";

const content = z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))]);

const item = z.looseObject({
  type: z.string().optional(),
  role: z.string().optional(),
  content: content.nullish(),
  output: content.nullish(),
});

const format = z.looseObject({ type: z.string(), schema: z.unknown().optional() });

/** A response's request, as far as it matters here. */
export const responsesShape = z.looseObject({
  model: z.string().min(1),
  instructions: z.string().nullish(),
  input: z.union([z.string(), z.array(item)]),
  stream: z.boolean().nullish(),
  tools: z
    .array(z.looseObject({ type: z.string(), name: z.string().optional(), parameters: z.unknown().optional() }))
    .nullish(),
  tool_choice: z.union([z.string(), z.looseObject({ name: z.string().optional() })]).nullish(),
  text: z.looseObject({ format: format.nullish() }).nullish(),
  max_output_tokens: z.int().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  previous_response_id: z.string().nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  reasoning: z.looseObject({}).nullish(),
  store: z.boolean().nullish(),
});

/** A response's request. */
export type ResponsesShape = z.output<typeof responsesShape>;

/** What a response's request asks. */
export function responsesAskedOf(shape: ResponsesShape): Asked {
  const { model, instructions, input, text, tools, tool_choice: choice } = shape;
  const before: readonly Said[] = typeof instructions === "string" ? [saidOf("system", [{ text: instructions }])] : [];
  const after = typeof input === "string" ? [saidOf("user", [{ text: input }])] : input.flatMap(saidIn);
  const formatType = text?.format?.type ?? "text";
  return askedOf({
    model,
    said: [...before, ...after],
    tools: (tools ?? []).flatMap(({ type, name, parameters }) =>
      type === "function" && name !== undefined ? [{ name, schema: parameters }] : [],
    ),
    toolChoice: toolChoiceOf(choice),
    schema: formatType === "text" ? undefined : (text?.format?.schema ?? {}),
    tokensMax: shape.max_output_tokens,
  });
}

function saidIn({ type = "message", role = "user", content, output }: z.output<typeof item>): readonly Said[] {
  if (type === "function_call_output") return [saidOf("tool", partsOf(output))];
  if (type !== "message") return [];
  return [saidOf(role === "user" || role === "assistant" ? role : "system", partsOf(content))];
}

function partsOf(value: z.output<typeof content> | null | undefined) {
  if (typeof value === "string") return [{ text: value }];
  return (value ?? []).map(({ type, text }) => ({ text, image: type === "input_image" }));
}

function toolChoiceOf(choice: ResponsesShape["tool_choice"]): ToolChoice {
  if (choice === "none" || choice === "required") return choice;
  return typeof choice === "object" && choice?.name !== undefined ? { name: choice.name } : "auto";
}
