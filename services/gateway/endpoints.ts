import { createHash } from "node:crypto";
import type { Config } from "#lib/config/schema.ts";
import { type CostOf, costOfModel } from "./prices.ts";
import { createProvider } from "./providers/create-provider.ts";
import type { Provider } from "./providers/provider.ts";
import type { ProviderBreaker } from "./routing/provider-breaker.ts";
import type { RoutingMemory } from "./routing/routing-memory.ts";
import type { Turnstile } from "./routing/turnstile.ts";

/** The workspace of all endpoints and callers. */
const WORKSPACE = "default";

/** An endpoint's settings. */
export type EndpointOptions = Config["endpoints"][number];

/** An endpoint, ready to be called. */
export interface Endpoint {
  readonly id: string;
  readonly name: string;
  /** The name of the experiment that takes its full traces. */
  readonly experiment: string;
  /** The models that share its calls, each with its weight. At least one. */
  readonly models: readonly WeightedModel[];
  /** The models that are tried when those have failed, in order. */
  readonly fallbacks: readonly PlannedModel[];
  /** Its settings, checked and with their defaults. */
  readonly options: EndpointOptions;
  /** Whether its calls leave traces. */
  readonly isTraced: boolean;
  /** When its callers get a mirror. */
  readonly mirror: MirrorPolicy;
  /** Lets its calls through, as many at once as it takes. */
  readonly turnstile: Turnstile;
}

export type MirrorPolicy = "sampled" | "always" | "never";

/** A model that an invocation may try. */
export interface PlannedModel {
  readonly provider: Provider;
  /** The breaker of that provider. */
  readonly breaker: ProviderBreaker;
  /** Its name, as the provider knows it. */
  readonly model: string;
  readonly costOf: CostOf;
}

/** A model that takes a share of an endpoint's calls. */
export interface WeightedModel extends PlannedModel {
  readonly weight: number;
}

/** What can be invoked. Disposing of it closes the connections to all providers. */
export interface Endpoints extends AsyncDisposable {
  /** The endpoint of that name. Undefined: there is none. */
  find(name: string): Endpoint | undefined;
  /** All of them, by name. */
  readonly all: readonly Endpoint[];
}

/**
 * Makes the endpoints of a configuration, and the providers behind them. `memory`: what was learnt under the configuration
 * before it is kept.
 */
export function createEndpoints(config: Config, memory: RoutingMemory): Endpoints {
  const providers = new Map(
    Object.entries(config.providers).map(([name, options]) => [name, createProvider(name, options)]),
  );
  memory.follow(config);
  const planned = (options: EndpointOptions["fallbacks"][number]): PlannedModel => {
    const { provider: name, model } = options;
    const provider = providers.get(name);
    const providerOptions = config.providers[name];
    if (provider === undefined || providerOptions === undefined)
      throw new Error(`no provider ${name}: the configuration was not checked`);
    return { provider, breaker: memory.breakerOf(name), model, costOf: costOfModel(options, providerOptions) };
  };
  const all = config.endpoints
    .map(
      (endpoint): Endpoint => ({
        id: endpointIdOf(endpoint.name),
        name: endpoint.name,
        experiment: endpoint.experiment ?? `gateway/${endpoint.name}`,
        models: endpoint.models.map((model) => ({ ...planned(model), weight: model.weight })),
        fallbacks: endpoint.fallbacks.map(planned),
        options: endpoint,
        isTraced: endpoint.tracing === "on",
        mirror: endpoint.mirror,
        turnstile: memory.turnstileOf(endpoint.name),
      }),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const byName = new Map(all.map((endpoint) => [endpoint.name, endpoint]));
  return {
    all,
    find: (name) => byName.get(name),
    async [Symbol.asyncDispose]() {
      for (const provider of providers.values()) await provider[Symbol.asyncDispose]();
    },
  };
}

/** The models of an endpoint that lack nothing which only the operator can give, such as a key. */
export function callableOf({ models, fallbacks, options }: Endpoint): Pick<Endpoint, "models" | "fallbacks"> {
  if (options.credentials === "caller") return { models, fallbacks };
  const isCallable = ({ provider }: PlannedModel) => provider.unavailableReason === undefined;
  return { models: models.filter(isCallable), fallbacks: fallbacks.filter(isCallable) };
}

/** Why no model of an endpoint can be called now. Undefined: one can. */
export function unavailableReasonOf(endpoint: Endpoint): string | undefined {
  const callable = callableOf(endpoint);
  if (callable.models.length + callable.fallbacks.length > 0) return undefined;
  const reasons = [...endpoint.models, ...endpoint.fallbacks].map(({ provider }) => provider.unavailableReason);
  return reasons.find((reason) => reason !== undefined);
}

function endpointIdOf(name: string): string {
  return `ep-${createHash("sha256").update(`${WORKSPACE}/${name}`).digest("hex").slice(0, 16)}`;
}
