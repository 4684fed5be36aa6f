import { newTraceId } from "#lib/ids.ts";
import { ServiceError } from "#lib/service-error.ts";
import { kindsSpeaking } from "../providers/kinds.ts";
import type { ProviderAnswer, ProviderRequest } from "../providers/provider.ts";
import type { Sender } from "../providers/sender.ts";
import { translateChat } from "./chat.ts";
import { codecOf } from "./codecs.ts";
import { translateEmbedding } from "./embedding.ts";
import { loadModels } from "./load-package.ts";
import { outgoingHeadersOf } from "./outgoing-headers.ts";
import { ProviderRequests } from "./provider-requests.ts";
import { refusalIn } from "./provider-said.ts";
import { answerOf, type Translation } from "./translation.ts";
import { wholeBody } from "./whole-body.ts";

/**
 * Sends a request in the provider's own format, and gives its answer in the caller's. Throws as `Provider.send` does;
 * what cannot be translated is refused before anything is sent, wherever that can be known.
 */
export async function translate(provider: Sender, request: ProviderRequest): Promise<ProviderAnswer> {
  const codec = codecOf(request.format);
  if (codec === undefined) throw untranslated(provider, request);
  const translation = await begin(provider, request);
  const { providerRequests } = translation;
  try {
    return await (codec.kind === "chat" ? translateChat(codec, translation) : translateEmbedding(codec, translation));
  } catch (error) {
    providerRequests.close();
    const refusal = refusalIn(providerRequests, error);
    if (refusal === undefined) throw providerRequests.failure ?? error;
    const { status, message } = refusal;
    const body = wholeBody(Buffer.from(JSON.stringify(codec.errorObject(status, message))));
    return answerOf(translation, "application/json", { status, told: undefined, body });
  }
}

async function begin(provider: Sender, request: ProviderRequest): Promise<Translation> {
  const makeModels = await loadModels(provider);
  const { options, baseUrl, name, client } = provider;
  const providerRequests = new ProviderRequests({
    name,
    client,
    timeouts: request.timeouts,
    signal: request.signal,
    headersOf: (given) => outgoingHeadersOf(provider, request, given),
    onSent: request.onTranslated,
    heldBytesMax: request.answerBytesMax,
  });
  return {
    request,
    provider,
    modelsOver: (fetch) => makeModels({ options, baseUrl, fetch }),
    providerRequests,
    names: { id: newTraceId().slice(0, 24), model: request.model, createdSeconds: Math.floor(Date.now() / 1000) },
  };
}

/** Formats that count tokens, compact or go through as they are have no codec. */
function untranslated({ name }: Sender, { format }: ProviderRequest): ServiceError {
  const kinds = kindsSpeaking(format).join(", ");
  const message = `The provider ${name} does not speak ${format}, which has no translation. Use an endpoint whose provider speaks it: one of kind ${kinds}.`;
  return new ServiceError("untranslatable", message);
}
