import { createAccessLog } from "#lib/access-log.ts";
import { observeRefusals } from "#lib/auth/auth-metrics.ts";
import { Authority } from "#lib/auth/authority.ts";
import { createClock } from "#lib/clock.ts";
import { type ConfigSource, fixedConfigSource } from "#lib/config/config-source.ts";
import type { Config } from "#lib/config/schema.ts";
import { startServiceLoad } from "#lib/load/service-load.ts";
import type { Logger } from "#lib/logger.ts";
import { startOpsServer } from "#lib/ops-server.ts";
import { startOwnTraces } from "#lib/own-traces/own-traces.ts";
import { checkContextTravels } from "#lib/rpc/context-self-check.ts";
import { EXCHANGE_BYTES_MAX } from "#lib/rpc/exchange-bounds.ts";
import { EXCHANGE } from "#lib/rpc/exchange-method.ts";
import { countExchange } from "#lib/rpc/exchange-metrics.ts";
import { startRpcServer } from "#lib/rpc/server.ts";
import { peerCertificatesOf, serverTlsOf } from "#lib/tls/configured-certificates.ts";
import { watchCertificates } from "#lib/tls/watch-certificates.ts";
import { observeTraceContext } from "#lib/trace-context/register.ts";
import { ONLY_PROCESS, type WorkerLink } from "#lib/workers/worker-link.ts";
import { EndpointServiceService } from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { GatewayServiceService } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import { InferenceServiceService } from "#proto/twinspan/inference/v1/inference_service.ts";
import { LiveEndpoints } from "./endpoints/live-endpoints.ts";
import type { Gateway } from "./gateway.ts";
import { startAllowances } from "./limits/start-allowances.ts";
import { GatewayMetrics } from "./metrics/gateway-metrics.ts";
import { startWorkerOutbox } from "./outbox/worker-outbox.ts";
import { createReloading } from "./reload.ts";
import { RoutingMemory } from "./routing/routing-memory.ts";
import { createEndpointService } from "./rpc/endpoint-service.ts";
import { createGatewayService } from "./rpc/gateway-service.ts";
import { createInferenceService } from "./rpc/inference-service.ts";
import { createTroubleLog } from "./trouble-log.ts";

/** What a message may have around its body. */
const MESSAGE_OVERHEAD_BYTES = 64 * 1024;
/** The health service's name for whether traces get through. Calls are served all the same. */
const TRACING = "twinspan.tracing";
const HEALTH_EVERY_MS = 1000;

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
  const tls = serverTlsOf("gateway.tls", options.tls);
  const peerCertificates = peerCertificatesOf("gateway.peerTls", options.peerTls);
  const routing = new RoutingMemory(log.module("routing"));
  const endpoints = started.use(new LiveEndpoints(config, routing));
  const outbox = started.use(
    await startWorkerOutbox({ ...options, peers: config.peers }, link.place, log.module("outbox"), peerCertificates),
  );
  const metrics = new GatewayMetrics({ state: () => outbox.state(), bytesMax: options.outbox.bytesMax }, routing);
  const ownTraces = await startOwnTraces("gateway", config.telemetry.traces, metrics.registry, log);
  if (ownTraces !== undefined) started.use(ownTraces);
  const watched = started.use(
    watchCertificates(metrics.registry, [tls?.certificates, peerCertificates], log.module("tls")),
  );
  const load = started.use(startServiceLoad("gateway.limits", options.limits, metrics.registry));
  const { allowances } = started.use(
    startAllowances(config.limits, metrics.registry, log.module("limits"), link.askPrimary),
  );
  observeTraceContext((outcome) => metrics.context(outcome));
  const authority = new Authority(config);
  const onRefused = observeRefusals(metrics.registry, log.module("auth"));
  const calls = log.module("calls");
  const gateway: Gateway = {
    authority,
    onRefused,
    ownTraces,
    endpoints,
    outbox,
    allowances,
    metrics,
    limits: options.limits,
    clock: createClock(),
    random: Math.random,
    access: createAccessLog(log.module("access"), config.log.access),
    log: calls,
  };

  const reloading = createReloading({
    source,
    config,
    endpoints,
    authority,
    allowances,
    metrics,
    log: log.module("config"),
  });
  if (options.reloadOnChange) started.use(source.watch(reloading.reload));

  let isReady = true;
  const degraded = () => {
    const { trouble, damage } = outbox.state();
    const told = [
      trouble && `tracing degraded: ${trouble}`,
      damage && `tracing degraded: ${damage}`,
      reloading.trouble,
      allowances.trouble,
      load.admission.trouble,
      ...watched.troubles,
    ];
    return told.filter((reason) => reason !== undefined);
  };
  const ops = started.use(
    await startOpsServer(
      options.ops,
      link.reportOf(metrics.registry, () => ({ ready: isReady, degraded: degraded() })),
    ),
  );
  const door = { authority, onRefused };
  const draining = new AbortController();
  const server = started.use(
    await startRpcServer({
      listen: options.listen,
      tls,
      registry: metrics.registry,
      ownTraces,
      load,
      door,
      services: [
        {
          name: "twinspan.gateway.v1.GatewayService",
          definition: { ...GatewayServiceService, exchange: EXCHANGE },
          implementation: createGatewayService(gateway, {
            door,
            admission: load.admission,
            bodyBytesMax: options.limits.requestBytesMax,
            onLargeBody: () => metrics.refused("too_large"),
            stallMs: options.limits.stallMs,
            place: link.place,
            ageMaxMs: config.peers.connectionAgeMs,
            draining: draining.signal,
            count: countExchange(metrics.registry),
            log: calls,
          }),
        },
        {
          name: "twinspan.inference.v1.InferenceService",
          definition: InferenceServiceService,
          implementation: createInferenceService(gateway),
        },
        {
          name: "twinspan.gateway.v1.EndpointService",
          definition: EndpointServiceService,
          implementation: createEndpointService(gateway),
        },
      ],
      messageBytesMax: Math.max(options.limits.requestBytesMax + MESSAGE_OVERHEAD_BYTES, EXCHANGE_BYTES_MAX),
      connectionAgeMs: config.peers.connectionAgeMs,
      drainMs: options.drainMs,
    }),
  );
  const tellTrouble = createTroubleLog(log.module("outbox"));
  const healthTimer = setInterval(() => {
    const { trouble } = outbox.state();
    server.setHealth(TRACING, trouble === undefined);
    tellTrouble(trouble);
  }, HEALTH_EVERY_MS);
  started.defer(() => {
    isReady = false;
    draining.abort();
    clearInterval(healthTimer);
  });

  log.info(
    {
      address: server.address,
      ops: ops.address,
      outbox: outbox.path,
      endpoints: endpoints.all.map(({ name }) => name),
    },
    "ready",
  );
  const resources = started.move();
  return {
    address: server.address,
    opsAddress: ops.address,
    reload: reloading.reload,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
