import { ServiceError } from "#lib/service-error.ts";
import { refusalIn, unreadable } from "./provider-said.ts";
import type { Translation } from "./translation.ts";

/**
 * Waits for an answer that a package reads. Throws the provider's refusal as the package has it, and for what the package
 * cannot read a ProviderError `provider_protocol`.
 */
export async function readAnswer<Answer>(
  { exchange, provider }: Translation,
  ask: () => PromiseLike<Answer>,
): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (exchange.failure !== undefined) throw exchange.failure;
    if (error instanceof ServiceError || refusalIn(exchange, error) !== undefined) throw error;
    // What fails before anything is sent is no answer.
    throw exchange.sent.length === 0 ? error : unreadable(provider.name, error);
  }
}
