import type { Config } from "#lib/config/schema.ts";
import type { WorkerPlace } from "./worker-place.ts";

/** The services that may have workers, as the configuration calls them. */
export type WorkingService = "ingress" | "gateway" | "traceWriter";

/**
 * The configuration of one worker: what a service takes on at once is shared out, so that all workers together take
 * what the configuration says. Each has at least 1 of everything. What is counted per call (a body's bytes, a deadline)
 * stays.
 */
export function shareOf(config: Config, service: WorkingService, place: WorkerPlace): Config {
  if (place.count === 1) return config;
  const part = (total: number) => partOf(total, place);
  switch (service) {
    case "ingress":
      return { ...config, ingress: ingressShareOf(config.ingress, part) };
    case "gateway":
      return {
        ...config,
        gateway: gatewayShareOf(config.gateway, part),
        endpoints: config.endpoints.map((endpoint) => endpointShareOf(endpoint, part)),
        limits: { ...config.limits, rules: config.limits.rules.map((rule) => ruleShareOf(rule, part)) },
      };
    case "traceWriter":
      return { ...config, traceWriter: traceWriterShareOf(config.traceWriter, part) };
  }
}

type Part = (total: number) => number;

/** The parts of all workers add up to the total, but where that is smaller than their number. */
function partOf(total: number, { number, count }: WorkerPlace): number {
  return Math.max(1, Math.floor(total / count) + (number < total % count ? 1 : 0));
}

function ingressShareOf(ingress: Config["ingress"], part: Part): Config["ingress"] {
  const { limits } = ingress;
  const bodiesBytesMax = part(limits.bodiesBytesMax);
  return { ...ingress, limits: { ...loadShareOf(limits, part), bodiesBytesMax } };
}

function gatewayShareOf(gateway: Config["gateway"], part: Part): Config["gateway"] {
  const outbox = { ...gateway.outbox, bytesMax: part(gateway.outbox.bytesMax) };
  return { ...gateway, outbox, limits: loadShareOf(gateway.limits, part) };
}

function traceWriterShareOf(traceWriter: Config["traceWriter"], part: Part): Config["traceWriter"] {
  const { limits, store } = traceWriter;
  const { postgres, clickhouse } = store;
  return {
    ...traceWriter,
    limits: { ...loadShareOf(limits, part), queueBytesMax: part(limits.queueBytesMax) },
    store: {
      ...store,
      // One connection commits, and one reads.
      postgres: { ...postgres, connectionsMax: Math.max(2, part(postgres.connectionsMax)) },
      clickhouse: { ...clickhouse, connectionsMax: part(clickhouse.connectionsMax) },
    },
  };
}

function loadShareOf<Limits extends { readonly callsMax: number; readonly connectionsMax: number }>(
  limits: Limits,
  part: Part,
): Limits {
  return { ...limits, callsMax: part(limits.callsMax), connectionsMax: part(limits.connectionsMax) };
}

type Endpoint = Config["endpoints"][number];
type Rule = Config["limits"]["rules"][number];

function endpointShareOf(endpoint: Endpoint, part: Part): Endpoint {
  const { concurrency } = endpoint;
  if (concurrency.callsMax === undefined) return endpoint;
  const { callsMax, queueMax } = concurrency;
  return { ...endpoint, concurrency: { ...concurrency, callsMax: part(callsMax), queueMax: part(queueMax) } };
}

/** Only calls at once are counted in each worker. What is used of a window is counted in one place. */
function ruleShareOf(rule: Rule, part: Part): Rule {
  return rule.callsMax === undefined ? rule : { ...rule, callsMax: part(rule.callsMax) };
}
