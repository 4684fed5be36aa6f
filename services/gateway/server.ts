import { type ConfigSource, fixedConfigSource } from "#lib/config/config-source.ts";
import { createReloading, type Reloading } from "#lib/config/reloading.ts";
import type { Config } from "#lib/config/schema.ts";
import type { Logger } from "#lib/logger.ts";
import { startOpsServer } from "#lib/ops-server.ts";
import { checkContextTravels } from "#lib/rpc/context-self-check.ts";
import { EXCHANGE_BYTES_MAX } from "#lib/rpc/exchange-bounds.ts";
import { countExchange } from "#lib/rpc/exchange-metrics.ts";
import { startRpcServer } from "#lib/rpc/server.ts";
import { ONLY_PROCESS, type WorkerLink } from "#lib/workers/worker-link.ts";
import type { ExchangeParts } from "./exchange/exchange-parts.ts";
import { type OpenedGateway, openGateway } from "./open-gateway.ts";
import { watchOutboxHealth } from "./outbox-health.ts";
import { reloadingOf } from "./reloading.ts";
import { createEndpointService } from "./rpc/endpoint-service.ts";
import { createGatewayService } from "./rpc/gateway-service.ts";
import { createInferenceService } from "./rpc/inference-service.ts";

/** What a message may have around its body. */
const MESSAGE_OVERHEAD_BYTES = 64 * 1024;

/** A gateway that takes calls. Disposing of it drains it: calls end, then the outbox is shipped as far as time allows. */
export interface RunningGateway extends AsyncDisposable {
  /** Where gRPC callers come in. */
  readonly address: string;
  /** Where /metrics, /healthz and /readyz are. */
  readonly opsAddress: string;
  /** Reads the configuration again, and takes what may change while it runs. Never throws; the log says what came of it. */
  reload(): void;
}

/** What a gateway is started with beside its configuration. */
export interface GatewayDependencies {
  readonly log: Logger;
  /** Where the configuration is read again. Default: it stays as it is. */
  readonly source?: ConfigSource;
  /** Its link to other workers. Default: it is alone. */
  readonly link?: WorkerLink;
}

/** Starts the gateway. Throws an Error for the operator when it cannot. */
export async function startGateway(
  config: Config,
  { log, source = fixedConfigSource(config), link = ONLY_PROCESS }: GatewayDependencies,
): Promise<RunningGateway> {
  await checkContextTravels();
  await using started = new AsyncDisposableStack();
  const options = config.gateway;
  const opened = await openGateway(config, log, link, started);
  const { gateway, authority, outbox, tls, load } = opened;
  const { registry } = gateway.metrics;
  const reloading = createReloading({
    source,
    config,
    ...reloadingOf(opened, config),
    registry,
    log: log.module("config"),
  });
  if (options.reloadOnChange) started.use(source.watch(reloading.reload));
  const draining = new AbortController();
  const readiness = () => ({ ready: !draining.signal.aborted, degraded: degradedOf(opened, reloading) });
  const ops = started.use(await startOpsServer(options.ops, link.reportOf(registry, readiness)));
  const server = started.use(
    await startRpcServer({
      listen: options.listen,
      tls,
      registry,
      ownTraces: gateway.ownTraces,
      load,
      door: { authority, onRefused: gateway.onRefused },
      services: [
        createGatewayService(gateway, exchangePartsOf(opened, config, link, draining.signal)),
        createInferenceService(gateway),
        createEndpointService(gateway),
      ],
      messageBytesMax: Math.max(options.limits.requestBytesMax + MESSAGE_OVERHEAD_BYTES, EXCHANGE_BYTES_MAX),
      connectionAgeMs: config.peers.connectionAgeMs,
      drainMs: options.drainMs,
    }),
  );
  started.use(watchOutboxHealth(outbox, server, log.module("outbox")));
  started.defer(() => draining.abort());

  const endpoints = gateway.endpoints.all.map(({ name }) => name);
  log.info({ address: server.address, ops: ops.address, outbox: outbox.path, endpoints }, "ready");
  const resources = started.move();
  return {
    address: server.address,
    opsAddress: ops.address,
    reload: reloading.reload,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function exchangePartsOf(
  { gateway, authority, load }: OpenedGateway,
  { peers }: Config,
  { place }: WorkerLink,
  draining: AbortSignal,
): ExchangeParts {
  const { limits, metrics, onRefused, log } = gateway;
  return {
    door: { authority, onRefused },
    admission: load.admission,
    bodyBytesMax: limits.requestBytesMax,
    onLargeBody: () => metrics.refused("too_large"),
    stallMs: limits.stallMs,
    place,
    ageMaxMs: peers.connectionAgeMs,
    draining,
    count: countExchange(metrics.registry),
    log,
  };
}

/** What is wrong though calls go through, in words. */
function degradedOf({ gateway, outbox, load, certificates }: OpenedGateway, { trouble }: Reloading): readonly string[] {
  const state = outbox.state();
  const told = [
    state.trouble && `tracing degraded: ${state.trouble}`,
    state.damage && `tracing degraded: ${state.damage}`,
    trouble,
    gateway.allowances.trouble,
    load.admission.trouble,
    ...certificates.troubles,
  ];
  return told.filter((reason) => reason !== undefined);
}
