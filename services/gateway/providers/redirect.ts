import { ProviderError } from "../core/provider-error.ts";
import type { HttpAnswer } from "./http-client.ts";

/** Whether an answer is a redirect, which is not followed. */
export function isRedirect({ status }: HttpAnswer): boolean {
  return status >= 300 && status < 400;
}

/** Refuses a redirect: it leaves its body and throws a ProviderError `provider_protocol`. */
export async function refuseRedirect(provider: string, { status, body }: HttpAnswer): Promise<never> {
  await body.return();
  const message = `The provider ${provider} answered ${status}, a redirect, which is not followed. Its operator must check providers.${provider}.baseUrl.`;
  throw new ProviderError("provider_protocol", message, { text: `status ${status}` });
}
