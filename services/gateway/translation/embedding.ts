import {
  type EmbeddingModelV4,
  type EmbeddingModelV4CallOptions,
  type EmbeddingModelV4Result,
  NoSuchModelError,
} from "@ai-sdk/provider";
import { isObject } from "#lib/json-value.ts";
import type { AnswerFacts } from "../core/invocation.ts";
import { embeddingUsageOf } from "../dialects/gemini/facts.ts";
import { tokensOf } from "../dialects/token-count.ts";
import type { ProviderKind } from "../providers/kinds.ts";
import type { ProviderAnswer } from "../providers/provider.ts";
import type { EmbeddingCodec } from "./codec.ts";
import { dimensionOptionsOf } from "./dimensions.ts";
import { extraOptionsOf } from "./extras.ts";
import { readAnswer } from "./read-answer.ts";
import { answerOf, type Translation } from "./translation.ts";
import { hasNoModels, untranslatable } from "./untranslatable.ts";
import { type FieldNames, lossOf, refusalOfPackage } from "./warnings.ts";
import { wholeBody } from "./whole-body.ts";

/** A request is at most so many requests to a provider that takes fewer texts at once. */
const REQUESTS_MAX = 128;

/** Translates a request for embeddings. Where the provider takes fewer texts at once it is several requests, one by one. */
export async function translateEmbedding(codec: EmbeddingCodec, translation: Translation): Promise<ProviderAnswer> {
  const { request, provider, providerRequests } = translation;
  const { fieldNames } = codec;
  const decoded = codec.decode(request.invocation);
  const { options, extras } = decoded;
  const providerOptions = {
    ...options.providerOptions,
    ...extraOptionsOf(provider.options.kind, extras),
    ...dimensionOptionsOf(provider.options.kind, request.model, options.dimensions),
  };
  const asked = { ...options, providerOptions, abortSignal: request.signal };
  const { model, shares } = await prepared(translation, asked, fieldNames);
  const results: EmbeddingModelV4Result[] = [];
  for (const values of shares) {
    providerRequests.release();
    const result = await readAnswer(translation, fieldNames, () => model.doEmbed({ ...asked, values }));
    const loss = lossOf(result.warnings, fieldNames);
    if (loss !== undefined) throw loss;
    results.push(withUsage(provider.options.kind, result));
  }
  const answer = joined(results);
  const body = codec.encodeAnswer(answer, translation.names, decoded);
  const facts = factsOf(answer);
  return answerOf(translation, "application/json", { status: 200, told: () => facts, body: wholeBody(body) });
}

/** The model, and the texts in shares of at most as many as it takes at once. */
async function prepared(translation: Translation, asked: EmbeddingModelV4CallOptions, names: FieldNames) {
  try {
    const model = modelOf(translation);
    return { model, shares: await sharesOf(model, asked, names["values"] ?? "values") };
  } catch (error) {
    throw refusalOfPackage(error, names);
  }
}

function modelOf({ modelsOver, providerRequests, request, provider }: Translation): EmbeddingModelV4 {
  const { embedding } = modelsOver(providerRequests.fetch);
  try {
    if (embedding !== undefined) return embedding(request.model);
  } catch (error) {
    if (!NoSuchModelError.isInstance(error)) throw error;
  }
  throw hasNoModels(provider.name, "embeddings");
}

async function sharesOf(
  { maxEmbeddingsPerCall }: EmbeddingModelV4,
  { values }: EmbeddingModelV4CallOptions,
  field: string,
): Promise<string[][]> {
  const most = (await maxEmbeddingsPerCall) ?? values.length;
  if (values.length > most * REQUESTS_MAX) {
    throw untranslatable(
      field,
      `the provider takes ${most} at once, and one request may be ${REQUESTS_MAX} of its own`,
    );
  }
  const shares: string[][] = [];
  for (let from = 0; from < values.length; from += most) shares.push(values.slice(from, from + most));
  return shares;
}

/** The package of Gemini's does not read what its embeddings took. */
function withUsage(kind: ProviderKind, result: EmbeddingModelV4Result): EmbeddingModelV4Result {
  const body = result.response?.body;
  if (result.usage !== undefined || kind !== "gemini" || !isObject(body)) return result;
  const tokens = embeddingUsageOf(body)?.inputTokens;
  return tokens === undefined ? result : { ...result, usage: { tokens: Number(tokens) } };
}

function joined(results: readonly EmbeddingModelV4Result[]): EmbeddingModelV4Result {
  const tokens = results.map(({ usage }) => usage?.tokens);
  const said = tokens.filter((count) => count !== undefined && !Number.isNaN(count));
  const sum = said.reduce<number>((total, count) => total + (count ?? 0), 0);
  return {
    embeddings: results.flatMap(({ embeddings }) => embeddings),
    ...(said.length < results.length ? {} : { usage: { tokens: sum } }),
    warnings: [],
  };
}

function factsOf({ usage }: EmbeddingModelV4Result): Partial<AnswerFacts> {
  const tokens = usage && tokensOf(usage.tokens);
  return { usage: tokens === undefined ? undefined : { inputTokens: tokens, totalTokens: tokens } };
}
