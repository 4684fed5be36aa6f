import { createHash } from "node:crypto";
import type { Config } from "#lib/config/schema.ts";
import { configuredPolicyOf } from "../core/payload/configured-policy.ts";
import type { PayloadPolicy } from "../core/payload/payload-policy.ts";
import type { Provider } from "../providers/provider.ts";
import type { EndpointHealth } from "../routing/endpoint-health.ts";
import type { ProviderBreaker } from "../routing/provider-breaker.ts";
import type { RoutingMemory } from "../routing/routing-memory.ts";
import type { Turnstile } from "../routing/turnstile.ts";
import { type CostOf, costOfModel } from "./prices.ts";
import type { ProviderPool } from "./provider-pool.ts";

/** An endpoint's settings. */
export type EndpointOptions = Config["endpoints"][number];

/** An endpoint, ready to be called. */
export interface Endpoint {
  readonly id: string;
  readonly name: string;
  /** The name of the experiment that takes its full traces. */
  readonly experiment: string;
  /** The workspace it belongs to, and its full traces with it. */
  readonly workspace: string;
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
  /** What its full traces keep of requests, answers and error texts. */
  readonly payload: PayloadPolicy;
  /** Lets its calls through, as many at once as it takes. */
  readonly turnstile: Turnstile;
  /** Remembers what its calls came to lately. */
  readonly health: EndpointHealth;
  /** When it came to be known to this gateway, in seconds since the Unix epoch. */
  readonly knownSinceSeconds: bigint;
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

/** The endpoints of one configuration. Disposing of them lets go of the providers behind them. */
export interface Endpoints extends Disposable {
  /** The endpoint of that name. Undefined: there is none. */
  find(name: string): Endpoint | undefined;
  /** All of them, by name. */
  readonly all: readonly Endpoint[];
}

/** What endpoints are made with. */
export interface EndpointSources {
  /** Where their providers come from. */
  readonly pool: ProviderPool;
  /** What was learnt under the configuration before; it is kept. */
  readonly memory: RoutingMemory;
  /** Since when a name is known, in seconds since the Unix epoch. */
  knownSince(name: string): bigint;
}

/** Makes the endpoints of a configuration. Throws an Error when that cannot be; then nothing is held or forgotten. */
export function createEndpoints(config: Config, { pool, memory, knownSince }: EndpointSources): Endpoints {
  using held = new DisposableStack();
  const providers = new Map(
    Object.entries(config.providers).map(([name, options]) => {
      const provider = held.adopt(pool.hold(name, options), (used) => pool.release(used));
      return [name, provider];
    }),
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
        id: endpointIdOf(endpoint),
        name: endpoint.name,
        experiment: endpoint.experiment ?? `gateway/${endpoint.name}`,
        workspace: endpoint.workspace,
        models: endpoint.models.map((model) => ({ ...planned(model), weight: model.weight })),
        fallbacks: endpoint.fallbacks.map(planned),
        options: endpoint,
        isTraced: endpoint.tracing === "on",
        mirror: endpoint.mirror,
        payload: configuredPolicyOf(endpoint.payload, config.redaction, config.gateway.limits.payloadBytesMax),
        turnstile: memory.turnstileOf(endpoint.name),
        health: memory.healthOf(endpoint.name),
        knownSinceSeconds: knownSince(endpoint.name),
      }),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const byName = new Map(all.map((endpoint) => [endpoint.name, endpoint]));
  const owned = held.move();
  return { all, find: (name) => byName.get(name), [Symbol.dispose]: () => owned.dispose() };
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

/** Whether callers of a workspace may invoke it. To the others it is as if it were not there. */
export function isSharedWith({ workspace, options }: Endpoint, callers: string): boolean {
  return workspace === callers || options.sharedWith.includes(callers);
}

function endpointIdOf({ workspace, name }: EndpointOptions): string {
  return `ep-${createHash("sha256").update(`${workspace}/${name}`).digest("hex").slice(0, 16)}`;
}
