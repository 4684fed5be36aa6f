import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { DecodedEmbedding, EmbeddingCodec } from "../codec.ts";
import { type Fields, readBody } from "../fields.ts";
import { given } from "../given.ts";
import { NO_WORD } from "../untranslatable.ts";
import { errorObjectOf } from "./error.ts";

/** Gemini's `models/{endpoint}:embedContent`: one text. */
export const geminiEmbedContentCodec: EmbeddingCodec = {
  format: "gemini-embed-content",
  kind: "embedding",
  fieldNames: { values: "content", dimensions: "outputDimensionality" },
  decode: (invocation) => decoded(readBody(invocation, (request) => [readRequest(request)], "proto")),
  encodeAnswer({ embeddings: [values = []], usage }) {
    return Buffer.from(JSON.stringify({ embedding: { values }, ...usageOf(usage?.tokens) }));
  },
  errorObject: errorObjectOf,
};

/** Gemini's `models/{endpoint}:batchEmbedContents`: many. */
export const geminiBatchEmbedContentsCodec: EmbeddingCodec = {
  format: "gemini-batch-embed-contents",
  kind: "embedding",
  fieldNames: { values: "requests", dimensions: "requests.outputDimensionality" },
  decode: decodeBatch,
  encodeAnswer({ embeddings, usage }) {
    const each = embeddings.map((values) => ({ values }));
    return Buffer.from(JSON.stringify({ embeddings: each, ...usageOf(usage?.tokens) }));
  },
  errorObject: errorObjectOf,
};

/** A text, and how long its embedding is to be. */
interface Wanted {
  readonly value: string;
  readonly dimensions: number | undefined;
}

function decodeBatch(invocation: Invocation): DecodedEmbedding {
  return readBody(
    invocation,
    (batch) => {
      batch.leaveOut("model");
      const wanted = batch.list("requests", readRequest);
      if (wanted.length === 0) throw batch.invalid("requests", "must have at least one request");
      if (new Set(wanted.map(({ dimensions }) => dimensions)).size > 1) {
        throw batch.untranslatable("requests", "all must ask for the same outputDimensionality");
      }
      return decoded(wanted);
    },
    "proto",
  );
}

function decoded(wanted: readonly Wanted[]): DecodedEmbedding {
  const values = wanted.map(({ value }) => value);
  return { options: { values, ...given("dimensions", wanted[0]?.dimensions) }, extras: {} };
}

function readRequest(request: Fields): Wanted {
  request.leaveOut("model");
  request.allowOnly("taskType", ["TASK_TYPE_UNSPECIFIED"], NO_WORD);
  request.refuse(["title", "mimeType", "embedContentConfig"], NO_WORD);
  request.allowOnly("autoTruncate", [false], NO_WORD);
  return {
    value: request.requiredObject("content", readContent),
    dimensions: request.count("outputDimensionality"),
  };
}

function readContent(content: Fields): string {
  content.leaveOut("role");
  const texts = content.list("parts", (part) => part.requiredText("text"));
  const [text, ...others] = texts;
  if (text === undefined) throw content.invalid("parts", "must have a text");
  if (others.length > 0) throw content.untranslatable("parts", "only a single text has one embedding elsewhere");
  return text;
}

function usageOf(tokens: number | undefined): object {
  return tokens === undefined ? {} : { usageMetadata: { promptTokenCount: tokens, totalTokenCount: tokens } };
}
