import { ServiceError } from "#lib/service-error.ts";
import { refusalIn, unreadable } from "./provider-said.ts";
import type { Translation } from "./translation.ts";
import { type FieldNames, refusalOfPackage } from "./warnings.ts";

/**
 * Waits for an answer that a package reads. Throws the provider's refusal as the package has it; for what the package
 * cannot write a ServiceError, and for what it cannot read a ProviderError `provider_protocol`.
 */
export async function readAnswer<Answer>(
  { providerRequests, provider }: Translation,
  names: FieldNames,
  ask: () => PromiseLike<Answer>,
): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (providerRequests.failure !== undefined) throw providerRequests.failure;
    if (!providerRequests.hasSent) throw refusalOfPackage(error, names);
    if (error instanceof ServiceError || refusalIn(providerRequests, error) !== undefined) throw error;
    throw unreadable(provider.name, error);
  }
}
