import { z } from "zod";
import { type Answer, argumentsOf, type Finish } from "../answer.ts";
import { askedOf, type Said, saidOf } from "../asked.ts";
import { readShape } from "../read-shape.ts";
import type { Fault, Reader } from "../wire-format.ts";

const shape = z.looseObject({
  model: z.string().min(1),
  messages: z
    .array(
      z.looseObject({
        role: z.string(),
        content: z.string().nullish(),
        images: z.array(z.string()).nullish(),
      }),
    )
    .min(1),
  stream: z.boolean().optional(),
  tools: z
    .array(z.looseObject({ function: z.looseObject({ name: z.string(), parameters: z.unknown().optional() }) }))
    .nullish(),
  format: z.union([z.literal("json"), z.looseObject({})]).nullish(),
  options: z.looseObject({ num_predict: z.int().optional() }).nullish(),
});

/** Ollama's own chat. It streams unless told not to, a line of JSON each time. */
export const readOllamaChat: Reader = ({ body }) =>
  readShape(shape, body, ({ model, messages, stream = true, tools, format, options }) => ({
    asked: askedOf({
      model,
      said: messages.map(saidIn),
      tools: (tools ?? []).map(({ function: { name, parameters: schema } }) => ({ name, schema })),
      schema: format === "json" ? {} : format,
      tokensMax: options?.num_predict,
    }),
    write: (answer) =>
      stream
        ? { contentType: "application/x-ndjson", chunks: linesOf(answer), error: () => lineOf(FAILED) }
        : { body: JSON.stringify(wholeOf(answer)) },
  }));

/** The body of an error of Ollama's. */
export function ollamaErrorOf({ message }: Pick<Fault, "message">): string {
  return JSON.stringify({ error: message });
}

/** The body of Ollama's list of models. */
export function ollamaModelsOf(names: readonly string[]): string {
  const models = names.map((name) => ({ name, model: name, modified_at: "2026-01-01T00:00:00Z", size: 0, digest: "" }));
  return JSON.stringify({ models });
}

const FAILED = { error: "an error was encountered while running the model" } as const;

const DONE_REASONS: Readonly<Record<Finish, string>> = {
  stop: "stop",
  length: "length",
  "tool-calls": "stop",
  "content-filter": "stop",
  error: "stop",
};

function saidIn({ role, content, images }: z.output<typeof shape>["messages"][number]): Said {
  const by = role === "user" || role === "assistant" || role === "tool" ? role : "system";
  const said = saidOf(by, [{ text: content ?? "" }]);
  return { ...said, images: images?.length ?? 0 };
}

function wholeOf(answer: Answer) {
  const { text, reasoning, calls } = answer;
  return {
    ...headOf(answer),
    message: {
      role: "assistant",
      content: text.join(""),
      ...(reasoning.length === 0 ? {} : { thinking: reasoning.join("") }),
      ...(calls.length === 0 ? {} : { tool_calls: calls.map(callOf) }),
    },
    ...endOf(answer),
  };
}

function linesOf(answer: Answer): readonly string[] {
  const { text, reasoning, calls } = answer;
  const messages = [
    ...reasoning.map((thinking) => ({ content: "", thinking })),
    ...text.map((content) => ({ content })),
    ...calls.map((call) => ({ content: "", tool_calls: [callOf(call)] })),
  ];
  return [
    ...messages.map((message) =>
      lineOf({ ...headOf(answer), message: { role: "assistant", ...message }, done: false }),
    ),
    lineOf({ ...headOf(answer), message: { role: "assistant", content: "" }, ...endOf(answer) }),
  ];
}

function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function headOf({ model, created }: Answer) {
  return { model, created_at: new Date(created * 1000).toISOString() };
}

function callOf(call: Answer["calls"][number]) {
  return { id: `call_${call.id.slice(-8)}`, function: { name: call.name, arguments: argumentsOf(call) } };
}

function endOf({ finish, usage }: Answer) {
  return {
    done: true,
    done_reason: DONE_REASONS[finish],
    total_duration: 2_000_000,
    load_duration: 1_000_000,
    ...(usage === undefined
      ? {}
      : {
          prompt_eval_count: usage.input,
          prompt_eval_duration: 500_000,
          eval_count: usage.output,
          eval_duration: 500_000,
        }),
  };
}
