import { isObject, parseJson } from "#lib/json-value.ts";
import { invalidField, ServiceError } from "#lib/service-error.ts";
import type { InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { Embedding, EmbedRequest, EmbedResponse } from "#proto/twinspan/inference/v1/inference_service.ts";
import { coinedOf } from "../core/words.ts";
import { checkCount } from "./field-checks.ts";

const TEXTS_MAX = 2_048;

/** The body of OpenAI's embeddings request that a typed one comes to. Throws a ServiceError `invalid_request`. */
export function embedBodyOf({ endpoint, texts, dimensions }: EmbedRequest): Buffer {
  checkCount("texts", texts.length, 1, TEXTS_MAX);
  const empty = texts.indexOf("");
  if (empty !== -1) throw invalidField(`texts[${empty}]`, "is empty");
  if (dimensions === 0) throw invalidField("dimensions", "must be at least 1");
  return Buffer.from(JSON.stringify({ model: endpoint, input: texts, encoding_format: "float", dimensions }));
}

/**
 * The typed answer that an embeddings answer comes to. Throws a ServiceError `provider_protocol` when it has not a
 * vector for each of `count` texts.
 */
export function embedAnswerOf(body: Buffer, count: number, summary: InvocationSummary): EmbedResponse {
  const answer = parseJson(body.toString("utf8"));
  const data: readonly unknown[] = isObject(answer) && Array.isArray(answer["data"]) ? answer["data"] : [];
  const embeddings: Embedding[] = [];
  for (const [place, item] of data.entries()) {
    const { index = place, embedding } = isObject(item) ? item : {};
    if (typeof index === "number" && isVector(embedding)) embeddings[index] = { values: embedding };
  }
  const isWhole = embeddings.length === count && Object.keys(embeddings).length === count;
  if (!isWhole) throw new ServiceError("provider_protocol", `The provider did not answer with ${count} vectors.`);
  return { embeddings, model: (isObject(answer) && coinedOf(answer["model"])) || "", summary };
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((coordinate) => typeof coordinate === "number");
}
