import type { Config } from "#lib/config/schema.ts";
import { ServiceError } from "#lib/service-error.ts";
import { createOpenAiCompatible } from "./openai-compatible.ts";
import type { Provider } from "./provider.ts";

/** A provider's settings. */
export type ProviderOptions = Config["providers"][string];

/** Makes a provider: its relay for the formats it speaks, and a translator for the others. */
export function createProvider(name: string, options: ProviderOptions): Provider {
  const unset = options.apiKey === undefined ? undefined : /\$\{([A-Za-z_][A-Za-z0-9_]*)/.exec(options.apiKey)?.[1];
  const relay = createOpenAiCompatible({
    name,
    baseUrl: options.baseUrl ?? "https://api.openai.com/v1",
    apiKey: unset === undefined ? options.apiKey : undefined,
    unavailableReason: unset === undefined ? undefined : `needs ${unset}`,
    connectionsMax: options.connectionsMax,
    asksStreamUsage: options.streamUsage,
    propagates: options.propagate,
    timeouts: options.timeouts,
  });
  return {
    ...relay,
    send(request) {
      if (options.dialects.some((format) => format === request.format)) return relay.send(request);
      const message = `The provider ${name} does not speak ${request.format}.`;
      throw new ServiceError("untranslatable", message);
    },
  };
}
