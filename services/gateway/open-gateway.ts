import { createAccessLog } from "#lib/access-log.ts";
import { observeRefusals } from "#lib/auth/auth-metrics.ts";
import { Authority } from "#lib/auth/authority.ts";
import { createClock } from "#lib/clock.ts";
import type { Config } from "#lib/config/schema.ts";
import { type ServiceLoad, startServiceLoad } from "#lib/load/service-load.ts";
import type { Logger } from "#lib/logger.ts";
import { startOwnTraces } from "#lib/own-traces/own-traces.ts";
import { peerCertificatesOf, type ServerTls, serverTlsOf } from "#lib/tls/configured-certificates.ts";
import { type WatchedCertificates, watchCertificates } from "#lib/tls/watch-certificates.ts";
import { observeTraceContext } from "#lib/trace-context/register.ts";
import type { WorkerLink } from "#lib/workers/worker-link.ts";
import { RecordWriter } from "./core/twins/record.ts";
import { LiveEndpoints } from "./endpoints/live-endpoints.ts";
import type { Gateway } from "./gateway.ts";
import { startAllowances } from "./limits/start-allowances.ts";
import { GatewayMetrics } from "./metrics/gateway-metrics.ts";
import { startWorkerOutbox, type WorkerOutbox } from "./outbox/worker-outbox.ts";
import { RoutingMemory } from "./routing/routing-memory.ts";

/** A gateway that could take calls, before it has ports. */
export interface OpenedGateway {
  readonly gateway: Gateway;
  readonly authority: Authority;
  readonly outbox: WorkerOutbox;
  readonly tls: ServerTls | undefined;
  readonly certificates: WatchedCertificates;
  readonly load: ServiceLoad;
}

/** Opens everything behind the ports; `opened` owns it. Throws an Error for the operator when that cannot be. */
export async function openGateway(
  config: Config,
  log: Logger,
  link: WorkerLink,
  opened: AsyncDisposableStack,
): Promise<OpenedGateway> {
  const { outbox: outboxOptions, limits, tls: tlsOptions, peerTls } = config.gateway;
  const tls = serverTlsOf("gateway.tls", tlsOptions);
  const peerCertificates = peerCertificatesOf("gateway.peerTls", peerTls);
  const routing = new RoutingMemory(log.module("routing"));
  const endpoints = opened.use(new LiveEndpoints(config, routing));
  const outbox = opened.use(
    await startWorkerOutbox(
      { ...config.gateway, peers: config.peers },
      link.place,
      log.module("outbox"),
      peerCertificates,
    ),
  );
  const metrics = new GatewayMetrics({ state: () => outbox.state(), bytesMax: outboxOptions.bytesMax }, routing);
  const { registry } = metrics;
  const ownTraces = await startOwnTraces("gateway", config.telemetry.traces, registry, log);
  if (ownTraces !== undefined) opened.use(ownTraces);
  const certificates = opened.use(
    watchCertificates(registry, [tls?.certificates, peerCertificates], log.module("tls")),
  );
  const load = opened.use(startServiceLoad("gateway.limits", limits, registry));
  const { allowances } = opened.use(startAllowances(config.limits, registry, log.module("limits"), link.askPrimary));
  observeTraceContext((outcome) => metrics.context(outcome));
  const authority = new Authority(config);
  const gateway: Gateway = {
    authority,
    onRefused: observeRefusals(registry, log.module("auth")),
    ownTraces,
    endpoints,
    outbox,
    records: new RecordWriter(),
    allowances,
    metrics,
    limits,
    clock: createClock(),
    random: Math.random,
    access: createAccessLog(log.module("access"), config.log.access),
    log: log.module("calls"),
  };
  return { gateway, authority, outbox, tls, certificates, load };
}
