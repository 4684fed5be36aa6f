import { z } from "zod";
import { askedToEmbed, wordsOf } from "../asked.ts";
import { readShape } from "../read-shape.ts";
import { DIMENSIONS_MAX, vectorOf } from "../vector.ts";
import type { Reader } from "../wire-format.ts";

const shape = z.looseObject({
  instances: z.array(z.looseObject({ content: z.string() })).min(1),
  parameters: z.looseObject({ outputDimensionality: z.int().min(1).max(DIMENSIONS_MAX).optional() }).optional(),
});

/** Vertex's `predict` of models that embed. */
export const readPredict: Reader = ({ body, model = "" }) =>
  readShape(shape, body, ({ instances, parameters }) => ({
    asked: askedToEmbed(
      model,
      instances.map(({ content }) => content),
    ),
    write: () => ({
      body: JSON.stringify({
        predictions: instances.map(({ content }) => ({
          embeddings: {
            values: vectorOf(content, parameters?.outputDimensionality),
            statistics: { token_count: wordsOf(content).length, truncated: false },
          },
        })),
      }),
    }),
  }));
