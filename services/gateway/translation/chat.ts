import { InvalidArgumentError, type LanguageModelV4, type LanguageModelV4CallOptions } from "@ai-sdk/provider";
import type { ProviderAnswer } from "../providers/provider.ts";
import type { ChatCodec, DecodedChat } from "./codec.ts";
import { extraOptionsOf } from "./extras.ts";
import { refuseUnfetchedUrls } from "./given-urls.ts";
import { knownLossOf } from "./known-losses.ts";
import { tellsUsageEarly } from "./raw-usage.ts";
import { readAnswer } from "./read-answer.ts";
import { rehearse, startRehearsal } from "./rehearsal.ts";
import { streamedBody } from "./stream-body.ts";
import { ToldFacts } from "./told-facts.ts";
import { answerOf, type Translation } from "./translation.ts";
import { hasNoModels, untranslatable } from "./untranslatable.ts";
import { lossOf, refusalOfPackage } from "./warnings.ts";
import { wholeBody } from "./whole-body.ts";

/** A chat that is being translated. */
interface TranslatedChat {
  readonly codec: ChatCodec;
  readonly translation: Translation;
  readonly decoded: DecodedChat;
  /** What the package is asked: what was read, and the extras in its own words. */
  readonly options: LanguageModelV4CallOptions;
}

/** Translates a chat. */
export async function translateChat(codec: ChatCodec, translation: Translation): Promise<ProviderAnswer> {
  const decoded = codec.decode(translation.request.invocation);
  const chat = { codec, translation, decoded, options: optionsOf(translation, decoded) };
  await refuseLosses(chat);
  const model = modelOf(translation, translation.providerRequests.fetch);
  return decoded.streaming ? streamed(chat, model) : answered(chat, model);
}

function optionsOf({ request, provider }: Translation, { options, extras }: DecodedChat): LanguageModelV4CallOptions {
  const extra = extraOptionsOf(provider.options.kind, extras);
  const providerOptions = { ...options.providerOptions };
  for (const [name, said] of Object.entries(extra)) providerOptions[name] = { ...providerOptions[name], ...said };
  return { ...options, providerOptions, abortSignal: request.signal };
}

function modelOf({ modelsOver, request, provider }: Translation, fetch: typeof globalThis.fetch): LanguageModelV4 {
  const { chat } = modelsOver(fetch);
  if (chat !== undefined) return chat(request.model);
  throw hasNoModels(provider.name, "chats");
}

/** Refuses what would be lost, before anything is sent. */
async function refuseLosses({ codec, translation, decoded, options }: TranslatedChat): Promise<void> {
  const { fieldNames } = codec;
  const lost = knownLossOf(translation.provider.options.kind, options);
  if (lost !== undefined) throw untranslatable(fieldNames[lost] ?? lost, "the provider takes it only in part");
  try {
    const rehearsal = startRehearsal();
    const model = modelOf(translation, rehearsal.fetch);
    await refuseUnfetchedUrls(model, options.prompt, fieldNames.prompt ?? "messages");
    const loss = lossOf(await rehearse(rehearsal, model, options), fieldNames);
    if (loss !== undefined) throw loss;
  } catch (error) {
    const [extra] = Object.values(decoded.extras);
    if (InvalidArgumentError.isInstance(error) && extra !== undefined) {
      throw untranslatable(extra.field, "the provider does not take such a value");
    }
    throw refusalOfPackage(error, fieldNames);
  }
}

async function answered(
  { codec, translation, decoded, options }: TranslatedChat,
  model: LanguageModelV4,
): Promise<ProviderAnswer> {
  const answer = await readAnswer(translation, codec.fieldNames, () => model.doGenerate(options));
  const loss = lossOf(answer.warnings, codec.fieldNames);
  if (loss !== undefined) throw loss;
  const told = new ToldFacts(translation.provider.options.kind);
  told.hearResponse(answer.response ?? {});
  told.hearEnd(answer.finishReason, answer.usage);
  const content = answer.content.filter(({ type }) => type !== "custom");
  const body = codec.encodeAnswer({ ...answer, content }, translation.names, decoded);
  return answerOf(translation, "application/json", { status: 200, told: () => told.facts(), body: wholeBody(body) });
}

async function streamed(
  { codec, translation, decoded, options }: TranslatedChat,
  model: LanguageModelV4,
): Promise<ProviderAnswer> {
  const { stream } = await readAnswer(translation, codec.fieldNames, () =>
    model.doStream({ ...options, includeRawChunks: tellsUsageEarly(translation.provider.options.kind) }),
  );
  const encoder = codec.createStreamEncoder(translation.names, decoded);
  const told = new ToldFacts(translation.provider.options.kind);
  const body = streamedBody({ stream, encoder, told, translation, fieldNames: codec.fieldNames });
  return answerOf(translation, encoder.contentType, { status: 200, told: () => told.facts(), body });
}
