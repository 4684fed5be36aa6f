import { failureKindOfStatus, refusalStatusOf } from "../core/error-type.ts";
import { ProviderError } from "../core/provider-error.ts";
import { REFUSAL_BYTES_MAX, startOf } from "../providers/body-start.ts";
import type { ProviderAnswer } from "../providers/provider.ts";

/**
 * Reads a provider's answer of 4xx or 5xx: what it is, and its body, as far as it is read. `isOurs`: it was sent our
 * credentials; a refusal of the caller's own is one of the request.
 */
export async function refusalOf(
  provider: string,
  head: ProviderAnswer,
  isOurs: boolean,
): Promise<{ readonly refusal: ProviderError; readonly body: Buffer }> {
  const body = await startOf(head.body, REFUSAL_BYTES_MAX);
  const text = body.toString("utf8");
  const told = failureKindOfStatus(refusalStatusOf(head.status, text)) ?? "provider_protocol";
  const kind = told === "provider_auth" && !isOurs ? "provider_rejected" : told;
  const message =
    kind === "provider_auth"
      ? `The provider ${provider} refused the gateway's credentials (${head.status}). Its operator must check providers.${provider}.apiKey, and the account behind it.`
      : `The provider ${provider} answered ${head.status}.`;
  return { refusal: new ProviderError(kind, message, { text, retryAfterMs: head.retryAfterMs }), body };
}
