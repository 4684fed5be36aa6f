import { ServiceError } from "#lib/service-error.ts";
import { type AddressGuard, AddressRefusedError, createAddressGuard } from "./address-guard.ts";
import { credentialsOf } from "./credentials.ts";
import { createHttpClient } from "./http-client.ts";
import { baseUrlOf, type ProviderOptions } from "./kinds.ts";
import type { Provider } from "./provider.ts";
import { relay } from "./relay.ts";

/** Makes a provider: it relays requests of the formats it speaks. */
export function createProvider(name: string, options: ProviderOptions): Provider {
  const { apiKey, missing } = credentialsOf(options);
  const guard = createAddressGuard(options.allowAddresses);
  const client = createHttpClient({ name, ...options }, guard);
  const base = new URL(baseUrlOf(options) ?? `https://${options.kind}.invalid`);
  return {
    name,
    host: base.hostname,
    port: Number(base.port || (base.protocol === "https:" ? 443 : 80)),
    propagates: options.propagate,
    unavailableReason: missing ?? refusedOf(guard, base, name),
    send(request) {
      const relayed = relay({ name, options, apiKey, client }, request);
      if (relayed !== undefined) return relayed;
      throw new ServiceError("untranslatable", `The provider ${name} does not speak ${request.format}.`);
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** Why a provider whose base URL is written as an address cannot be called. Undefined: it can, or DNS will say. */
function refusedOf(guard: AddressGuard, { hostname }: URL, name: string): string | undefined {
  try {
    guard.checkHost(hostname);
    return undefined;
  } catch (error) {
    if (error instanceof AddressRefusedError) return `needs ${hostname} in providers.${name}.allowAddresses`;
    throw error;
  }
}
