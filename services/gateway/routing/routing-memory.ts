import type { Config } from "#lib/config/schema.ts";
import type { Logger } from "#lib/logger.ts";
import { EndpointHealth } from "./endpoint-health.ts";
import { ProviderBreaker } from "./provider-breaker.ts";
import { Turnstile } from "./turnstile.ts";

/**
 * What is remembered from call to call: how providers and endpoints have done, and how many calls are under way. One a
 * process. It outlives a configuration that is read again: a provider keeps its breaker while all its settings are the
 * same, an endpoint its turnstile and its health as long as it has its name.
 */
export class RoutingMemory {
  readonly #log: Logger;
  #breakers = new Map<string, { readonly breaker: ProviderBreaker; readonly settings: string }>();
  #turnstiles = new Map<string, Turnstile>();
  #healths = new Map<string, EndpointHealth>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Makes room for the providers and endpoints of a configuration, and forgets all others. */
  follow(config: Config): void {
    const breakers = Object.entries(config.providers).map(([name, options]) => {
      const settings = JSON.stringify(options);
      const known = this.#breakers.get(name);
      const kept = known?.settings === settings ? known.breaker : undefined;
      return [name, { settings, breaker: kept ?? new ProviderBreaker(name, options.breaker, this.#log) }] as const;
    });
    this.#breakers = new Map(breakers);
    const turnstiles = config.endpoints.map(({ name, concurrency }) => {
      const turnstile = this.#turnstiles.get(name) ?? new Turnstile(name, concurrency);
      turnstile.limit(concurrency);
      return [name, turnstile] as const;
    });
    this.#turnstiles = new Map(turnstiles);
    const healths = config.endpoints.map(({ name, models, fallbacks }) => {
      const health = this.#healths.get(name) ?? new EndpointHealth();
      health.follow([...models, ...fallbacks]);
      return [name, health] as const;
    });
    this.#healths = new Map(healths);
  }

  /** The breaker of a provider. Throws where the configuration that is followed has no such provider. */
  breakerOf(provider: string): ProviderBreaker {
    const known = this.#breakers.get(provider);
    if (known !== undefined) return known.breaker;
    throw new Error(`no provider ${provider}: the configuration was not checked`);
  }

  /** The turnstile of an endpoint. Throws where the configuration that is followed has no such endpoint. */
  turnstileOf(endpoint: string): Turnstile {
    const turnstile = this.#turnstiles.get(endpoint);
    if (turnstile !== undefined) return turnstile;
    throw new Error(`no endpoint ${endpoint}: the configuration was not followed`);
  }

  /** The health of an endpoint. Throws where the configuration that is followed has no such endpoint. */
  healthOf(endpoint: string): EndpointHealth {
    const health = this.#healths.get(endpoint);
    if (health !== undefined) return health;
    throw new Error(`no endpoint ${endpoint}: the configuration was not followed`);
  }

  get breakers(): readonly ProviderBreaker[] {
    return [...this.#breakers.values()].map(({ breaker }) => breaker);
  }

  get turnstiles(): readonly Turnstile[] {
    return [...this.#turnstiles.values()];
  }
}
