import { z } from "zod";
import { askedToEmbed } from "../asked.ts";
import { readShape } from "../read-shape.ts";
import { DIMENSIONS_MAX, vectorOf } from "../vector.ts";
import type { Fault, Reader } from "../wire-format.ts";

const shape = z.looseObject({
  model: z.string().min(1),
  texts: z.array(z.string()).min(1),
  output_dimension: z.int().min(1).max(DIMENSIONS_MAX).nullish(),
});

/** Cohere's embeddings, version 2, as floats. */
export const readCohereEmbed: Reader = ({ body }) =>
  readShape(shape, body, ({ model, texts, output_dimension: dimensions }) => ({
    asked: askedToEmbed(model, texts),
    write: ({ id, usage }) => ({
      body: JSON.stringify({
        id,
        texts,
        embeddings: { float: texts.map((text) => vectorOf(text, dimensions)) },
        meta: { api_version: { version: "2" }, billed_units: { input_tokens: usage?.input ?? 0 } },
        response_type: "embeddings_by_type",
      }),
    }),
  }));

/** The body of an error of Cohere's. */
export function cohereErrorOf({ message }: Fault): string {
  return JSON.stringify({ message });
}

/** The body of Cohere's list of models. */
export function cohereModelsOf(names: readonly string[]): string {
  const models = names.map((name) => ({ name, endpoints: ["chat", "embed"], finetuned: false }));
  return JSON.stringify({ models });
}
