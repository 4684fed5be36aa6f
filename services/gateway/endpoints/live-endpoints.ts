import { isDeepStrictEqual } from "node:util";
import type { Config } from "#lib/config/schema.ts";
import type { RoutingMemory } from "../routing/routing-memory.ts";
import { createEndpoints, type Endpoint, type Endpoints } from "./endpoints.ts";
import { ProviderPool } from "./provider-pool.ts";

/** An endpoint that a call holds: what stands behind it stays as it is until this is disposed of. */
export interface HeldEndpoint extends Disposable {
  readonly endpoint: Endpoint;
}

/** What a new configuration made of the endpoints: names, in order. */
export interface EndpointChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Those with other settings, or with other providers behind them. */
  readonly changed: readonly string[];
}

/** The endpoints of one configuration, and how many calls still hold them. */
interface Generation {
  readonly endpoints: Endpoints;
  calls: number;
}

/**
 * What can be invoked now. Another configuration takes the place of the present one at once for new calls, while calls
 * under way go on with what they began with; what nobody uses any more is closed with the last of them.
 */
export class LiveEndpoints implements AsyncDisposable {
  readonly #pool = new ProviderPool();
  readonly #memory: RoutingMemory;
  #now: Generation;

  /** `memory` outlives the configurations. Throws an Error when the endpoints cannot be made. */
  constructor(config: Config, memory: RoutingMemory) {
    this.#memory = memory;
    this.#now = { endpoints: this.#made(config, () => undefined), calls: 0 };
  }

  /** All of them, by name. */
  get all(): readonly Endpoint[] {
    return this.#now.endpoints.all;
  }

  /** The endpoint of that name, to look at. Undefined: there is none. */
  find(name: string): Endpoint | undefined {
    return this.#now.endpoints.find(name);
  }

  /** The endpoint of that name, for one call. Undefined: there is none. */
  hold(name: string): HeldEndpoint | undefined {
    const generation = this.#now;
    const endpoint = generation.endpoints.find(name);
    if (endpoint === undefined) return undefined;
    generation.calls += 1;
    return new Hold(endpoint, () => {
      generation.calls -= 1;
      this.#closeIfUnused(generation);
    });
  }

  /** Takes another configuration, and says what it changed. Throws an Error when that cannot be, and changes nothing. */
  replace(config: Config): EndpointChanges {
    const before = this.#now;
    const endpoints = this.#made(config, (name) => before.endpoints.find(name)?.knownSinceSeconds);
    this.#now = { endpoints, calls: 0 };
    this.#closeIfUnused(before);
    return changesOf(before.endpoints, endpoints);
  }

  /** Closes the connections to all providers. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
  }

  /** `known`: since when a name was known before, in seconds since the Unix epoch. Undefined: it was not. */
  #made(config: Config, known: (name: string) => bigint | undefined): Endpoints {
    const seconds = BigInt(Math.floor(Date.now() / 1000));
    const knownSince = (name: string) => known(name) ?? seconds;
    return createEndpoints(config, { pool: this.#pool, memory: this.#memory, knownSince });
  }

  #closeIfUnused(generation: Generation): void {
    if (generation !== this.#now && generation.calls === 0) generation.endpoints[Symbol.dispose]();
  }
}

class Hold implements HeldEndpoint {
  readonly endpoint: Endpoint;
  readonly #letGo: () => void;

  constructor(endpoint: Endpoint, letGo: () => void) {
    this.endpoint = endpoint;
    this.#letGo = letGo;
  }

  [Symbol.dispose](): void {
    this.#letGo();
  }
}

function changesOf(before: Endpoints, after: Endpoints): EndpointChanges {
  const namesOf = (endpoints: readonly Endpoint[]) => endpoints.map(({ name }) => name);
  return {
    added: namesOf(after.all.filter(({ name }) => before.find(name) === undefined)),
    removed: namesOf(before.all.filter(({ name }) => after.find(name) === undefined)),
    changed: namesOf(
      after.all.filter((endpoint) => {
        const old = before.find(endpoint.name);
        return old !== undefined && !isSame(old, endpoint);
      }),
    ),
  };
}

function isSame(one: Endpoint, other: Endpoint): boolean {
  const providersOf = ({ models, fallbacks }: Endpoint) => [...models, ...fallbacks].map(({ provider }) => provider);
  const others = providersOf(other);
  return isDeepStrictEqual(one.options, other.options) && providersOf(one).every((used, at) => used === others[at]);
}
