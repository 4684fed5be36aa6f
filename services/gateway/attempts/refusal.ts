import { failureKindOfStatus, refusalStatusOf } from "../core/error-type.ts";
import { ProviderError } from "../core/provider-error.ts";
import type { ProviderAnswer } from "../providers/provider.ts";
import { Pieces } from "./whole-answer.ts";

/** A provider's refusal is read up to here; what is longer is provider_protocol. */
const REFUSAL_BYTES_MAX = 1024 * 1024;

/**
 * Reads a provider's answer of 4xx or 5xx: what it is, and its body. `isOurs`: it was sent our credentials; a refusal of the
 * caller's own is one of the request.
 */
export async function refusalOf(
  provider: string,
  head: ProviderAnswer,
  isOurs: boolean,
): Promise<{ readonly refusal: ProviderError; readonly body: Buffer }> {
  const pieces = new Pieces(REFUSAL_BYTES_MAX);
  for await (const piece of head.body) pieces.add(piece);
  const body = pieces.joined();
  const text = body.toString("utf8");
  const told = failureKindOfStatus(refusalStatusOf(head.status, text)) ?? "provider_protocol";
  const kind = told === "provider_auth" && !isOurs ? "provider_rejected" : told;
  const message =
    kind === "provider_auth"
      ? `The provider ${provider} refused the gateway's credentials (${head.status}). Its operator must check providers.${provider}.apiKey, and the account behind it.`
      : `The provider ${provider} answered ${head.status}.`;
  return { refusal: new ProviderError(kind, message, { text, retryAfterMs: head.retryAfterMs }), body };
}
