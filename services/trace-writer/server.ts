import { observeRefusals } from "#lib/auth/auth-metrics.ts";
import { Authority } from "#lib/auth/authority.ts";
import { DEFAULT_WORKSPACE } from "#lib/auth/identity.ts";
import { watchRights } from "#lib/auth/watch-rights.ts";
import { type ConfigSource, fixedConfigSource } from "#lib/config/config-source.ts";
import type { Config } from "#lib/config/schema.ts";
import { startServiceLoad } from "#lib/load/service-load.ts";
import type { Logger } from "#lib/logger.ts";
import { startOpsServer } from "#lib/ops-server.ts";
import { startOwnTraces } from "#lib/own-traces/own-traces.ts";
import { checkContextTravels } from "#lib/rpc/context-self-check.ts";
import { startRpcServer } from "#lib/rpc/server.ts";
import { serverTlsOf } from "#lib/tls/configured-certificates.ts";
import { watchCertificates } from "#lib/tls/watch-certificates.ts";
import { ONLY_PROCESS, type WorkerLink } from "#lib/workers/worker-link.ts";
import { forwardRoutesOf } from "./core/forwarding/forward-routes.ts";
import { keptByExperimentOf } from "./core/retention/kept-traces.ts";
import { type Forwarding, startForwarding } from "./forwarding/forwarding.ts";
import { createForwardingMetrics } from "./metrics/forwarding-metrics.ts";
import { createPostgresMetrics } from "./metrics/postgres-metrics.ts";
import { createRetentionMetrics } from "./metrics/retention-metrics.ts";
import { createMetrics, type Metrics } from "./metrics/trace-writer-metrics.ts";
import { traceCommit } from "./receiving/commit-span.ts";
import { createExperimentRoom } from "./receiving/experiment-room.ts";
import { type Erasing, startErasing } from "./retention/erasing.ts";
import { createLeftWorkspaces } from "./retention/left-workspaces.ts";
import { startRetention } from "./retention/retention.ts";
import { createExperimentService } from "./rpc/experiment-service.ts";
import { createOtlpService } from "./rpc/otlp-service.ts";
import { createTraceEditorService } from "./rpc/trace-editor-service.ts";
import { createTraceReaderService, unclaimedBeforeNs } from "./rpc/trace-reader-service.ts";
import { createTraceWriterService } from "./rpc/trace-writer-service.ts";
import { startStore } from "./store/start-store.ts";
import type { StoreObserver, TraceStore } from "./store/trace-store.ts";

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
  await using opened = new AsyncDisposableStack();
  const load = opened.use(startServiceLoad("traceWriter.limits", limits, metrics.registry));
  const watched = opened.use(watchCertificates(metrics.registry, [tls?.certificates], log.module("tls")));
  const authority = new Authority(config);
  let onRead = (_config: Config) => {};
  const rights = opened.use(
    watchRights(source, authority, metrics.registry, log.module("config"), (read) => onRead(read)),
  );
  let forwarding: Forwarding | undefined;
  let erasing: Erasing | undefined;
  const ownTraces = await startOwnTraces("trace-writer", config.telemetry.traces, metrics.registry, log);
  if (ownTraces !== undefined) opened.use(ownTraces);
  const onCommit: StoreObserver["committed"] = (requests, durationMs, { events }) => {
    if (ownTraces !== undefined) traceCommit(ownTraces, traceWriter.store.use, requests, durationMs);
    if (events.has("forward_added")) forwarding?.wake();
    erasing?.committed(events);
  };
  const { destinations } = traceWriter;
  const receivers = new Set(Object.keys(destinations));
  const { store, place } = await startStore(traceWriter, forwardRoutesOf(config, receivers), {
    observer: observerOf(metrics, onCommit),
    postgres: () => createPostgresMetrics(metrics.registry),
    moving: (moving) =>
      log
        .module("store")
        .info(moving, "the file of an older version is being moved: calls are stored when that is done"),
  });
  opened.use(store);
  erasing = opened.use(startErasing(store, log.module("store")));
  const room = createExperimentRoom(store, limits.experimentsMax, metrics.registry, Date.now);
  const draining = new AbortController();
  const kept = keptByExperimentOf(traceWriter);
  const reading = {
    unclaimedAfterMs: traceWriter.unclaimedAfterMs,
    nowMs: Date.now,
    draining: draining.signal,
    tailMs: limits.tailMs,
    retentionOf: kept.toldOf,
  };
  metrics.watch(
    () => store.condition(),
    () => store.countPending(unclaimedBeforeNs(reading)),
  );
  const observer = createForwardingMetrics(metrics.registry, [...receivers], store.forwards);
  forwarding = opened.use(await startForwarding(destinations, store.forwards, observer, log.module("forwarding")));
  const { troubles } = forwarding;
  const { everyMs } = traceWriter.retention;
  let workspaces = workspacesOf(config);
  const left = createLeftWorkspaces(store, metrics.registry, log.module("store"));
  await left.look(workspaces);
  const keeping = { everyMs, limits: kept, workspaces: () => workspaces, nowMs: Date.now };
  opened.use(startRetention(store, keeping, createRetentionMetrics(metrics.registry), log.module("store")));
  onRead = (read) => {
    workspaces = workspacesOf(read);
    void left.look(workspaces);
    store.routeBy(forwardRoutesOf(read, receivers));
    const missing = Object.keys(read.traceWriter.destinations).filter((name) => !receivers.has(name));
    if (missing.length > 0)
      log.module("forwarding").warn({ missing }, "new destinations need a restart: nothing is forwarded to them yet");
  };
  const ops = opened.use(
    await startOpsServer(
      traceWriter.ops,
      link.reportOf(metrics.registry, () =>
        readinessOf(
          store,
          [rights.trouble, ...troubles(), load.admission.trouble, ...watched.troubles],
          draining.signal.aborted,
        ),
      ),
    ),
  );
  const calls = log.module("calls");
  const rpc = opened.use(
    await startRpcServer({
      listen: traceWriter.listen,
      tls,
      registry: metrics.registry,
      ownTraces,
      load,
      door: { authority, onRefused: observeRefusals(metrics.registry, log.module("auth")) },
      messageBytesMax: limits.messageBytesMax,
      connectionAgeMs: config.peers.connectionAgeMs,
      drainMs: traceWriter.drainMs,
      services: [
        createTraceWriterService(store, room, metrics, calls),
        createTraceReaderService(store, reading, calls),
        createTraceEditorService(store, room, calls),
        createExperimentService({ store, retentionOf: kept.toldOf }, room, calls),
        createOtlpService(store, room, metrics, { futureMs: limits.futureMs, nowMs: Date.now }, calls),
      ],
    }),
  );
  opened.defer(() => {
    draining.abort();
  });
  log.info({ address: rpc.address, ops: ops.address, store: place }, "ready");
  const owned = opened.move();
  return {
    address: rpc.address,
    opsAddress: ops.address,
    reload: rights.reload,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Whose traces there are, by the configuration. */
function workspacesOf({ workspaces }: Pick<Config, "workspaces">): readonly string[] {
  return [DEFAULT_WORKSPACE, ...workspaces.map(({ name }) => name)];
}

/** Hears what the store does: for the metrics, and to wake those who wait for what it has stored. */
function observerOf({ observer }: Metrics, onCommit: StoreObserver["committed"]): StoreObserver {
  return {
    ...observer,
    committed(...commit) {
      observer.committed(...commit);
      onCommit(...commit);
    },
  };
}

function readinessOf(store: TraceStore, troubles: readonly (string | undefined)[], isDraining: boolean) {
  const { ready, degraded } = store.condition();
  return { ready: ready && !isDraining, degraded: [degraded, ...troubles].filter((words) => words !== undefined) };
}
