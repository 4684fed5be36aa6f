import { type AddressGuard, AddressRefusedError, createAddressGuard } from "../providers/address-guard.ts";
import { credentialsOf } from "../providers/credentials.ts";
import { createGoogleToken } from "../providers/google-token.ts";
import { createHttpClient } from "../providers/http-client.ts";
import { baseUrlOf, type ProviderOptions } from "../providers/kinds.ts";
import type { Provider } from "../providers/provider.ts";
import { createRelay } from "../providers/relay.ts";
import { translate } from "../translation/translate.ts";

/** Makes a provider: it relays requests of the formats it speaks, and translates others. */
export function createProvider(name: string, options: ProviderOptions): Provider {
  const { apiKey, missing } = credentialsOf(options);
  const guard = createAddressGuard(options.allowAddresses);
  const client = createHttpClient({ name, ...options }, guard);
  const { serviceAccountFile } = options;
  const accessToken =
    serviceAccountFile === undefined ? undefined : createGoogleToken(name, serviceAccountFile, client);
  const baseUrl = baseUrlOf(options) ?? `https://${options.kind}.invalid`;
  const sender = { name, options, baseUrl, apiKey, accessToken, client };
  const relay = createRelay(sender);
  const base = new URL(baseUrl);
  return {
    name,
    host: base.hostname,
    port: Number(base.port || (base.protocol === "https:" ? 443 : 80)),
    propagates: options.propagate,
    unavailableReason: missing ?? refusedOf(guard, base, name),
    send: (request) => relay(request) ?? translate(sender, request),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** Why a provider whose base URL is written as an address cannot be called. Undefined: it can, or DNS will say. */
function refusedOf(guard: AddressGuard, { hostname }: URL, name: string): string | undefined {
  try {
    guard.checkHost(hostname);
    return undefined;
  } catch (error) {
    // An IPv6 address has brackets in a URL, and none in the list.
    if (error instanceof AddressRefusedError) {
      return `needs ${hostname.replace(/^\[|\]$/g, "")} in providers.${name}.allowAddresses`;
    }
    throw error;
  }
}
