import { z } from "zod";
import { askedToEmbed } from "../asked.ts";
import { readShape } from "../read-shape.ts";
import { DIMENSIONS_MAX, vectorOf } from "../vector.ts";
import type { Reader } from "../wire-format.ts";

const dimensions = z.int().min(1).max(DIMENSIONS_MAX).optional();

const shape = z.union([
  // Amazon Titan
  z.object({ inputText: z.string(), dimensions }),
  // Amazon Nova
  z.object({
    singleEmbeddingParams: z.object({
      embeddingDimension: dimensions,
      text: z.object({ value: z.string() }),
    }),
  }),
  // Cohere
  z.object({ texts: z.array(z.string()).min(1), output_dimension: dimensions }),
]);

/** Bedrock's `invoke` of models that embed, each family with bodies of its own. */
export const readInvoke: Reader = ({ body, model = "" }) =>
  readShape(shape, body, (request) => {
    const texts = textsOf(request);
    return {
      asked: askedToEmbed(model, texts),
      write: ({ id, usage }) => ({ body: JSON.stringify(vectorsOf(request, texts, id, usage?.input ?? 0)) }),
    };
  });

function textsOf(request: z.output<typeof shape>): readonly string[] {
  if ("inputText" in request) return [request.inputText];
  return "texts" in request ? request.texts : [request.singleEmbeddingParams.text.value];
}

function vectorsOf(request: z.output<typeof shape>, texts: readonly string[], id: string, tokens: number) {
  if ("inputText" in request) {
    return { embedding: vectorOf(request.inputText, request.dimensions), inputTextTokenCount: tokens };
  }
  if ("texts" in request) {
    const embeddings = texts.map((text) => vectorOf(text, request.output_dimension));
    return { id, texts, embeddings, response_type: "embeddings_floats" };
  }
  const { text, embeddingDimension } = request.singleEmbeddingParams;
  const embedding = vectorOf(text.value, embeddingDimension);
  return { embeddings: [{ embeddingType: "TEXT", embedding }], inputTokenCount: tokens };
}
