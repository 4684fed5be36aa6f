import { Metadata } from "@grpc/grpc-js";
import { Dialect, type Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { EmbedResponse } from "#proto/twinspan/inference/v1/inference_service.ts";
import { callInBytes, type DialectCaller, type Json, type Wanted } from "./dialect-caller.ts";
import { geminiRefusalOf } from "./gemini-content.ts";
import { openAiRefusalOf } from "./openai-chat.ts";
import { metadataOf, typedHeardOf, typedRefusalOf } from "./typed-chat.ts";

/** A caller of OpenAI's embeddings. */
export const openAiEmbeddingsCaller: DialectCaller = {
  requestType: "passthrough/model/openai-embeddings",
  usage: openAiUsageOf,
  refusal: openAiRefusalOf,
  call: (clients, wanted) => {
    const { endpoint, question } = wanted;
    const body = JSON.stringify({ model: endpoint, input: [question] });
    const ask = { model: endpoint, body, invocation: { dialect: Dialect.DIALECT_OPENAI_EMBEDDINGS } };
    return callInBytes(clients, wanted, ask, ({ body: answer }) => readData(JSON.parse(answer)));
  },
};

/** A caller of MLflow's invocations that asks for embeddings. */
export const mlflowEmbeddingsCaller: DialectCaller = {
  requestType: "unified/embeddings",
  usage: openAiUsageOf,
  refusal: openAiRefusalOf,
  call: (clients, wanted) => {
    const { endpoint, question } = wanted;
    const invocation = { dialect: Dialect.DIALECT_MLFLOW_INVOCATIONS, endpoint };
    const ask = { model: endpoint, body: JSON.stringify({ input: [question] }), invocation };
    return callInBytes(clients, wanted, ask, ({ body: answer }) => readData(JSON.parse(answer)));
  },
};

/** A caller of Gemini's embedContent. */
export const geminiEmbedCaller = geminiCallerOf(Dialect.DIALECT_GEMINI_EMBED_CONTENT, requestOf);

/** A caller of Gemini's batchEmbedContents. */
export const geminiBatchEmbedCaller = geminiCallerOf(Dialect.DIALECT_GEMINI_BATCH_EMBED_CONTENTS, (wanted) => ({
  requests: [requestOf(wanted)],
}));

/** A caller of the InferenceService's embeddings. */
export const typedEmbedCaller: DialectCaller = {
  requestType: "inference/embeddings",
  usage: ({ input }) => ({ inputTokens: BigInt(input), totalTokens: BigInt(input) }),
  refusal: typedRefusalOf,
  call: ({ typed }, wanted) =>
    new Promise((resolve) => {
      const { endpoint, question } = wanted;
      let head = new Metadata();
      const asked = { endpoint, texts: [question], dimensions: undefined };
      const call = typed.embed(asked, metadataOf(wanted), (error, response?: EmbedResponse) => {
        resolve({
          ...typedHeardOf(head, error),
          text: "",
          toolCalls: [],
          vectors: response?.embeddings.length ?? 0,
          usage: response?.summary?.usage,
          summary: response?.summary,
        });
      });
      call.on("metadata", (received) => {
        head = received;
      });
    }),
};

function openAiUsageOf({ input }: { readonly input: number }): object {
  return { prompt_tokens: input, total_tokens: input };
}

function readData({ data = [], usage, error }: Json) {
  return { text: "", toolCalls: [], vectors: data.length, usage, error };
}

function geminiCallerOf(dialect: Dialect, bodyOf: (wanted: Wanted) => object): DialectCaller {
  return {
    requestType: "passthrough/model/gemini-embed-content",
    usage: ({ input }) => ({ promptTokenCount: input }),
    refusal: geminiRefusalOf,
    call: (clients, wanted) => {
      const { endpoint } = wanted;
      const invocation: Partial<Invocation> = { dialect, endpoint };
      const ask = { model: endpoint, body: JSON.stringify(bodyOf(wanted)), invocation };
      return callInBytes(clients, wanted, ask, ({ body }) => readEmbeddings(JSON.parse(body)));
    },
  };
}

function requestOf({ endpoint, question }: Wanted): object {
  return { model: `models/${endpoint}`, content: { parts: [{ text: question }] } };
}

function readEmbeddings({ embedding, embeddings = [], usageMetadata, error }: Json) {
  return { text: "", toolCalls: [], vectors: embedding ? 1 : embeddings.length, usage: usageMetadata, error };
}
