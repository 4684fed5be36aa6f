import { z } from "zod";
import { askedToEmbed } from "../asked.ts";
import { readShape } from "../read-shape.ts";
import { DIMENSIONS_MAX, vectorOf } from "../vector.ts";
import type { Reader } from "../wire-format.ts";

const shape = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(z.string()).min(1)]),
  dimensions: z.int().min(1).max(DIMENSIONS_MAX).optional(),
});

/** Ollama's own embeddings. */
export const readOllamaEmbed: Reader = ({ body }) =>
  readShape(shape, body, ({ model, input, dimensions }) => {
    const texts = typeof input === "string" ? [input] : input;
    return {
      asked: askedToEmbed(model, texts),
      write: (answer) => ({
        body: JSON.stringify({
          model: answer.model,
          embeddings: texts.map((text) => vectorOf(text, dimensions)),
          total_duration: 2_000_000,
          load_duration: 1_000_000,
          ...(answer.usage === undefined ? {} : { prompt_eval_count: answer.usage.input }),
        }),
      }),
    };
  });
