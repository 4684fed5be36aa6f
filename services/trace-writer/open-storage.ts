import { DEFAULT_WORKSPACE } from "#lib/auth/identity.ts";
import type { Config } from "#lib/config/schema.ts";
import type { Logger } from "#lib/logger.ts";
import type { OwnTraces } from "#lib/own-traces/own-traces.ts";
import { forwardRoutesOf } from "./core/forwarding/forward-routes.ts";
import { type KeptByExperiment, keptByExperimentOf } from "./core/retention/kept-traces.ts";
import { type Forwarding, startForwarding } from "./forwarding/forwarding.ts";
import { createForwardingMetrics } from "./metrics/forwarding-metrics.ts";
import { createPostgresMetrics } from "./metrics/postgres-metrics.ts";
import { createRetentionMetrics } from "./metrics/retention-metrics.ts";
import type { Metrics } from "./metrics/trace-writer-metrics.ts";
import { traceCommit } from "./receiving/commit-span.ts";
import { type Erasing, startErasing } from "./retention/erasing.ts";
import { createLeftWorkspaces } from "./retention/left-workspaces.ts";
import { startRetention } from "./retention/retention.ts";
import { startStore } from "./store/start-store.ts";
import type { StoreObserver, TraceStore } from "./store/trace-store.ts";

/** The store, and what goes on in it by itself: forwarding, erasing, retention. */
export interface Storage {
  readonly store: TraceStore;
  /** Where it is, in words for the log. */
  readonly place: string;
  /** What is kept of each experiment. */
  readonly kept: KeptByExperiment;
  /** Goes by another configuration's workspaces and routes from here on. Never rejects; ends when workspaces were looked at. */
  follow(config: Config): Promise<void>;
  /** What is wrong with forwarding, in words. */
  troubles(): readonly string[];
}

/** Opens the store and starts what goes on in it; `opened` owns it. Throws an Error for the operator when that cannot be. */
export async function openStorage(
  config: Config,
  { registry, observer }: Metrics,
  ownTraces: OwnTraces | undefined,
  log: Logger,
  opened: AsyncDisposableStack,
): Promise<Storage> {
  const { traceWriter } = config;
  const { destinations, retention } = traceWriter;
  const receivers = new Set(Object.keys(destinations));
  const logs = { store: log.module("store"), forwarding: log.module("forwarding") };
  let forwarding: Forwarding | undefined;
  let erasing: Erasing | undefined;
  const committed: StoreObserver["committed"] = (requests, durationMs, count) => {
    observer.committed(requests, durationMs, count);
    if (ownTraces !== undefined) traceCommit(ownTraces, traceWriter.store.use, requests, durationMs);
    if (count.events.has("forward_added")) forwarding?.wake();
    erasing?.committed(count.events);
  };
  const { store, place } = await startStore(traceWriter, forwardRoutesOf(config, receivers), {
    observer: { ...observer, committed },
    postgres: () => createPostgresMetrics(registry),
    sqlite: {
      moving: (moving) =>
        logs.store.info(moving, "the file of an older version is being moved: calls are stored when that is done"),
      notAddedUp: (words) =>
        logs.store.warn({ reason: words }, "an hour could not be added up: totals read its rows each time"),
    },
  });
  opened.use(store);
  erasing = opened.use(startErasing(store, logs.store));
  const forwards = createForwardingMetrics(registry, [...receivers], store.forwards);
  forwarding = opened.use(await startForwarding(destinations, store.forwards, forwards, logs.forwarding));

  let workspaces = workspacesOf(config);
  const kept = keptByExperimentOf(traceWriter);
  const keeping = { everyMs: retention.everyMs, limits: kept, workspaces: () => workspaces, nowMs: Date.now };
  opened.use(startRetention(store, keeping, createRetentionMetrics(registry), logs.store));
  const left = createLeftWorkspaces(store, registry, logs.store);
  return {
    store,
    place,
    kept,
    follow(next) {
      workspaces = workspacesOf(next);
      store.routeBy(forwardRoutesOf(next, receivers));
      const missing = Object.keys(next.traceWriter.destinations).filter((name) => !receivers.has(name));
      if (missing.length > 0) {
        logs.forwarding.warn({ missing }, "new destinations need a restart: nothing is forwarded to them yet");
      }
      return left.look(workspaces);
    },
    troubles: forwarding.troubles,
  };
}

/** Whose traces there are, by the configuration. */
function workspacesOf({ workspaces }: Pick<Config, "workspaces">): readonly string[] {
  return [DEFAULT_WORKSPACE, ...workspaces.map(({ name }) => name)];
}
