import type { EmbeddingModelV4Embedding, EmbeddingModelV4Result } from "@ai-sdk/provider";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { AnswerNames, DecodedEmbedding, EmbeddingCodec } from "../codec.ts";
import { type Fields, readBody } from "../fields.ts";
import { given } from "../given.ts";
import { errorObjectOf } from "../openai-error.ts";

const FORMATS = ["float", "base64"] as const;

/** OpenAI's embeddings. */
export const openAiEmbeddingsCodec: EmbeddingCodec = {
  format: "openai-embeddings",
  kind: "embedding",
  fieldNames: { values: "input", dimensions: "dimensions" },
  decode,
  encodeAnswer,
  errorObject: errorObjectOf,
};

function decode(invocation: Invocation): DecodedEmbedding {
  return readBody(invocation, (request) => {
    request.leaveOut("model");
    const inBase64 = request.word("encoding_format", FORMATS) === "base64";
    const user = request.text("user");
    return {
      options: { values: inputOf(request), ...given("dimensions", request.count("dimensions")) },
      extras: given("userId", user === undefined ? undefined : ({ field: "user", value: user, isWish: true } as const)),
      inBase64,
    };
  });
}

function inputOf(request: Fields): string[] {
  const input = request.value("input");
  if (typeof input === "string") return [input];
  const [first] = Array.isArray(input) ? input : [];
  if (first === undefined) throw request.invalid("input", "must be a text, or a list with at least one");
  if (typeof first === "number" || Array.isArray(first)) {
    throw request.untranslatable("input", "tokens are not the same for other providers; send the text");
  }
  return request.texts("input")?.slice() ?? [];
}

function encodeAnswer(answer: EmbeddingModelV4Result, { model }: AnswerNames, { inBase64 }: DecodedEmbedding): Buffer {
  const tokens = answer.usage?.tokens ?? 0;
  return Buffer.from(
    JSON.stringify({
      object: "list",
      data: answer.embeddings.map((embedding, index) => ({
        object: "embedding",
        index,
        embedding: inBase64 ? base64Of(embedding) : embedding,
      })),
      model,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    }),
  );
}

/** The numbers as OpenAI packs them: 32-bit floats, little-endian. */
function base64Of(embedding: EmbeddingModelV4Embedding): string {
  const bytes = Buffer.allocUnsafe(embedding.length * 4);
  for (const [index, value] of embedding.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString("base64");
}
