import { isDeepStrictEqual } from "node:util";
import { type Credentials, credentialsOf } from "../providers/credentials.ts";
import type { ProviderOptions } from "../providers/kinds.ts";
import type { Provider } from "../providers/provider.ts";
import { createProvider } from "./create-provider.ts";

/** A provider, and what it was made of. */
interface Pooled {
  readonly provider: Provider;
  readonly options: ProviderOptions;
  readonly credentials: Credentials;
  /** How many hold it. */
  holders: number;
}

/**
 * The providers that are in use, each as long as somebody holds it. One whose settings and key stay the same stays the
 * same provider, connections and all, whatever else of the configuration changes.
 */
export class ProviderPool implements AsyncDisposable {
  readonly #pooled = new Map<Provider, Pooled>();
  readonly #closing = new Set<Promise<void>>();

  /** The provider of that name with these settings, held for the one who asks until it is released. */
  hold(name: string, options: ProviderOptions): Provider {
    const credentials = credentialsOf(options);
    const same = Array.from(this.#pooled.values()).find(
      (known) =>
        known.provider.name === name &&
        isDeepStrictEqual(known.options, options) &&
        isDeepStrictEqual(known.credentials, credentials),
    );
    const pooled = same ?? { provider: createProvider(name, options), options, credentials, holders: 0 };
    pooled.holders += 1;
    this.#pooled.set(pooled.provider, pooled);
    return pooled.provider;
  }

  /** Lets go of a provider that was held. When nobody holds it any more, its connections are closed. */
  release(provider: Provider): void {
    const pooled = this.#pooled.get(provider);
    if (pooled === undefined) return;
    pooled.holders -= 1;
    if (pooled.holders > 0) return;
    this.#pooled.delete(provider);
    const closing = close(provider).finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  /** Closes the connections of all providers, whoever holds them. */
  async [Symbol.asyncDispose](): Promise<void> {
    const providers = Array.from(this.#pooled.keys());
    this.#pooled.clear();
    await Promise.all([...this.#closing, ...providers.map(close)]);
  }
}

async function close(provider: Provider): Promise<void> {
  await provider[Symbol.asyncDispose]();
}
