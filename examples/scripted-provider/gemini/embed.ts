import { z } from "zod";
import { type Asked, askedToEmbed } from "../asked.ts";
import { readShape } from "../read-shape.ts";
import { DIMENSIONS_MAX, vectorOf } from "../vector.ts";
import type { Reader } from "../wire-format.ts";
import { contentShape, saidInContent } from "./generate-request.ts";

const dimensions = z.int().min(1).max(DIMENSIONS_MAX);

const shape = z.looseObject({
  content: contentShape,
  outputDimensionality: dimensions.optional(),
  // Vertex has it here.
  embedContentConfig: z.looseObject({ outputDimensionality: dimensions.optional() }).optional(),
});

type EmbedShape = z.output<typeof shape>;

const batchShape = z.looseObject({ requests: z.array(shape).min(1) });

/** Gemini's `embedContent`. */
export const readEmbed: Reader = ({ body, model = "" }) =>
  readShape(shape, body, (request) => ({
    asked: embedAskedOf(model, [request]),
    write: ({ usage }) => ({
      body: JSON.stringify({
        embedding: { values: valuesOf(request) },
        ...(usage === undefined ? {} : { usageMetadata: { promptTokenCount: usage.input } }),
      }),
    }),
  }));

/** Gemini's `batchEmbedContents`. */
export const readBatchEmbed: Reader = ({ body, model = "" }) =>
  readShape(batchShape, body, ({ requests }) => ({
    asked: embedAskedOf(model, requests),
    write: ({ usage }) => ({
      body: JSON.stringify({
        embeddings: requests.map((request) => ({ values: valuesOf(request) })),
        ...(usage === undefined ? {} : { usageMetadata: { promptTokenCount: usage.input } }),
      }),
    }),
  }));

function embedAskedOf(model: string, requests: readonly EmbedShape[]): Asked {
  return askedToEmbed(
    model,
    requests.map(({ content }) => saidInContent(content).text),
  );
}

function valuesOf({ content, outputDimensionality, embedContentConfig }: EmbedShape): readonly number[] {
  return vectorOf(saidInContent(content).text, outputDimensionality ?? embedContentConfig?.outputDimensionality);
}
