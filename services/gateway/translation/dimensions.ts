import type { JSONObject, SharedV4ProviderOptions } from "@ai-sdk/provider";
import type { ProviderKind } from "../providers/kinds.ts";

/**
 * How many numbers an embedding is to have, as options of a package that does not take it from the interface (the
 * packages of Cohere's and Bedrock's drop it without a word). Empty: the package takes it, or nothing is asked.
 */
export function dimensionOptionsOf(
  kind: ProviderKind,
  model: string,
  dimensions: number | undefined,
): SharedV4ProviderOptions {
  if (dimensions === undefined) return {};
  if (kind === "cohere") return { cohere: { outputDimension: dimensions } };
  return kind === "amazon-bedrock" ? { amazonBedrock: bedrockDimensionOf(model, dimensions) } : {};
}

/** Bedrock has one word for it a family of models. */
function bedrockDimensionOf(model: string, dimensions: number): JSONObject {
  if (model.includes("cohere.")) return { outputDimension: dimensions };
  return model.includes("nova") ? { embeddingDimension: dimensions } : { dimensions };
}
