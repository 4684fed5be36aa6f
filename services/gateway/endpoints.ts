import { createHash } from "node:crypto";
import type { Config } from "#lib/config/schema.ts";
import { costAt, plausibleCostOf } from "./core/price.ts";
import { createOpenAiCompatible } from "./providers/openai-compatible.ts";
import type { Provider } from "./providers/provider.ts";
import { type CostOf, publicPricesOf } from "./public-prices.ts";

/** The workspace of all endpoints and callers. */
const WORKSPACE = "default";

/** An endpoint, ready to be called. */
export interface Endpoint {
  readonly id: string;
  readonly name: string;
  /** The name of the experiment that takes its full traces. */
  readonly experiment: string;
  /** The models in the order they are tried. At least one. */
  readonly plan: readonly PlannedModel[];
  /** Whether its calls leave traces. */
  readonly isTraced: boolean;
  /** When its callers get a mirror. */
  readonly mirror: MirrorPolicy;
}

export type MirrorPolicy = "sampled" | "always" | "never";

/** A model that an invocation may try. */
export interface PlannedModel {
  readonly provider: Provider;
  /** Its name, as the provider knows it. */
  readonly model: string;
  readonly costOf: CostOf;
}

/** What can be invoked. Disposing of it closes the connections to all providers. */
export interface Endpoints extends AsyncDisposable {
  /** The endpoint of that name. Undefined: there is none. */
  find(name: string): Endpoint | undefined;
  /** All of them, by name. */
  readonly all: readonly Endpoint[];
}

/** Makes the endpoints of a configuration, and the providers behind them. */
export function createEndpoints(config: Config): Endpoints {
  const providers = new Map(Object.keys(config.providers).map((name) => [name, createProvider(config, name)]));
  const planned = ({ provider: name, model, price }: Config["endpoints"][number]["models"][number]): PlannedModel => {
    const provider = providers.get(name);
    const baseUrl = config.providers[name]?.baseUrl;
    if (provider === undefined || baseUrl === undefined)
      throw new Error(`no provider ${name}: the configuration was not checked`);
    const listed = publicPricesOf(baseUrl) ?? (() => undefined);
    const costOf: CostOf = price === undefined ? listed : (usage) => costAt(price, usage);
    return { provider, model, costOf: (usage, responseModel) => plausibleCostOf(costOf(usage, responseModel)) };
  };
  const all = config.endpoints
    .map(
      (endpoint): Endpoint => ({
        id: endpointIdOf(endpoint.name),
        name: endpoint.name,
        experiment: endpoint.experiment ?? `gateway/${endpoint.name}`,
        plan: [...endpoint.models, ...endpoint.fallbacks].map(planned),
        isTraced: endpoint.tracing === "on",
        mirror: endpoint.mirror,
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

/** Why no model of an endpoint can be called now. Undefined: one can. */
export function unavailableReasonOf({ plan }: Endpoint): string | undefined {
  const reasons = plan.map(({ provider }) => provider.unavailableReason);
  return reasons.includes(undefined) ? undefined : reasons.find((reason) => reason !== undefined);
}

function createProvider(config: Config, name: string): Provider {
  const options = config.providers[name];
  if (options === undefined) throw new Error(`no provider ${name}: the configuration was not checked`);
  const unset = options.apiKey === undefined ? undefined : /\$\{([A-Za-z_][A-Za-z0-9_]*)/.exec(options.apiKey)?.[1];
  return createOpenAiCompatible({
    name,
    baseUrl: options.baseUrl,
    apiKey: unset === undefined ? options.apiKey : undefined,
    unavailableReason: unset === undefined ? undefined : `needs ${unset}`,
    connectionsMax: options.connectionsMax,
    asksStreamUsage: options.streamUsage,
    propagates: options.propagate,
    timeouts: options.timeouts,
  });
}

function endpointIdOf(name: string): string {
  return `ep-${createHash("sha256").update(`${WORKSPACE}/${name}`).digest("hex").slice(0, 16)}`;
}
