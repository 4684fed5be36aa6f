import { observeRefusals } from "#lib/auth/auth-metrics.ts";
import { Authority } from "#lib/auth/authority.ts";
import { type ConfigSource, fixedConfigSource } from "#lib/config/config-source.ts";
import { createReloading } from "#lib/config/reloading.ts";
import type { Config } from "#lib/config/schema.ts";
import { startServiceLoad } from "#lib/load/service-load.ts";
import type { Logger } from "#lib/logger.ts";
import { startOpsServer } from "#lib/ops-server.ts";
import { startOwnTraces } from "#lib/own-traces/own-traces.ts";
import { checkContextTravels } from "#lib/rpc/context-self-check.ts";
import { type ServedService, startRpcServer } from "#lib/rpc/server.ts";
import { serverTlsOf } from "#lib/tls/configured-certificates.ts";
import { watchCertificates } from "#lib/tls/watch-certificates.ts";
import { ONLY_PROCESS, type WorkerLink } from "#lib/workers/worker-link.ts";
import { createMetrics, type Metrics } from "./metrics/trace-writer-metrics.ts";
import { openStorage, type Storage } from "./open-storage.ts";
import { createExperimentRoom } from "./receiving/experiment-room.ts";
import { createExperimentService } from "./rpc/experiment-service.ts";
import { createOtlpService } from "./rpc/otlp-service.ts";
import { createTraceEditorService } from "./rpc/trace-editor-service.ts";
import { createTraceReaderService, unclaimedBeforeNs } from "./rpc/trace-reader-service.ts";
import { createTraceWriterService } from "./rpc/trace-writer-service.ts";
import type { TraceStore } from "./store/trace-store.ts";

/** A trace-writer that takes calls. Disposing of it drains it: calls in flight end, the queue is committed. */
export interface TraceWriter extends AsyncDisposable {
  /** Where its gRPC services are. */
  readonly address: string;
  /** Where `/metrics`, `/healthz` and `/readyz` are, over HTTP. */
  readonly opsAddress: string;
  /** Reads keys and workspaces again, and what is forwarded where. Never throws. */
  reload(): void;
}

/** What the trace-writer is started with beside its configuration. */
export interface TraceWriterDependencies {
  readonly log: Logger;
  /** Where the configuration is read again. Default: it stays as it is. */
  readonly source?: ConfigSource;
  /** Its link to other workers. Default: it is alone. */
  readonly link?: WorkerLink;
}

/** Starts the trace-writer: opens its store, then its ports. Fails with one line that says what to do. */
export async function startTraceWriter(
  config: Config,
  { log, source = fixedConfigSource(config), link = ONLY_PROCESS }: TraceWriterDependencies,
): Promise<TraceWriter> {
  await checkContextTravels();
  const { traceWriter } = config;
  const { limits } = traceWriter;
  const tls = serverTlsOf("traceWriter.tls", traceWriter.tls);
  const metrics = createMetrics();
  const { registry } = metrics;
  await using opened = new AsyncDisposableStack();
  const load = opened.use(startServiceLoad("traceWriter.limits", limits, registry));
  const certificates = opened.use(watchCertificates(registry, [tls?.certificates], log.module("tls")));
  const ownTraces = await startOwnTraces("trace-writer", config.telemetry.traces, registry, log);
  if (ownTraces !== undefined) opened.use(ownTraces);

  const authority = new Authority(config);
  let storage: Storage | undefined;
  const reloading = createReloading({
    source,
    config,
    apply(next) {
      authority.replace(next);
      void storage?.follow(next);
      return {};
    },
    startOnly,
    registry,
    log: log.module("config"),
  });
  // A store may take minutes to open: what changes meanwhile is taken when it is.
  opened.use(source.watch(reloading.reload));
  storage = await openStorage(config, metrics, ownTraces, log, opened);
  await storage.follow(reloading.inUse);

  const draining = new AbortController();
  const { store, troubles } = storage;
  const readiness = () => {
    const degraded = [reloading.trouble, ...troubles(), load.admission.trouble, ...certificates.troubles];
    return readinessOf(store, degraded, draining.signal.aborted);
  };
  const ops = opened.use(await startOpsServer(traceWriter.ops, link.reportOf(registry, readiness)));
  const rpc = opened.use(
    await startRpcServer({
      listen: traceWriter.listen,
      tls,
      registry,
      ownTraces,
      load,
      door: { authority, onRefused: observeRefusals(registry, log.module("auth")) },
      messageBytesMax: limits.messageBytesMax,
      connectionAgeMs: config.peers.connectionAgeMs,
      drainMs: traceWriter.drainMs,
      services: servicesOf(config, storage, metrics, draining.signal, log.module("calls")),
    }),
  );
  opened.defer(() => draining.abort());
  log.info({ address: rpc.address, ops: ops.address, store: storage.place }, "ready");
  const owned = opened.move();
  return {
    address: rpc.address,
    opsAddress: ops.address,
    reload: reloading.reload,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What is served, over what is stored. */
function servicesOf(
  { traceWriter }: Config,
  { store, kept }: Storage,
  metrics: Metrics,
  draining: AbortSignal,
  calls: Logger,
): readonly ServedService[] {
  const { limits, unclaimedAfterMs } = traceWriter;
  const nowMs = Date.now;
  const room = createExperimentRoom(store, limits.experimentsMax, metrics.registry, nowMs);
  const reading = { unclaimedAfterMs, nowMs, draining, tailMs: limits.tailMs };
  metrics.watch(
    () => store.condition(),
    () => store.countPending(unclaimedBeforeNs(reading)),
  );
  return [
    createTraceWriterService(store, room, metrics, calls),
    createTraceReaderService(store, reading, calls),
    createTraceEditorService(store, room, calls),
    createExperimentService({ store, retentionOf: kept.toldOf }, room, calls),
    createOtlpService(store, room, metrics, { futureMs: limits.futureMs, nowMs }, calls),
  ];
}

/** All that concerns the trace-writer, but what is forwarded where. */
function startOnly({ traceWriter, peers, telemetry, log }: Config): object {
  const { mirrors: _, experiments, ...rest } = traceWriter;
  const fixed = experiments.map(({ forwardTo: _to, ...experiment }) => experiment);
  return { traceWriter: { ...rest, experiments: fixed }, peers, telemetry, log };
}

function readinessOf(store: TraceStore, troubles: readonly (string | undefined)[], isDraining: boolean) {
  const { ready, degraded } = store.condition();
  return { ready: ready && !isDraining, degraded: [degraded, ...troubles].filter((words) => words !== undefined) };
}
