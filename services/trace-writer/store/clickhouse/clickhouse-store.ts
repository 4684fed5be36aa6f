import type { ForwardRoutes } from "../../core/forwarding/forward-routes.ts";
import { createQueuedWrites } from "../commit/queued-writes.ts";
import { createWriteQueue, type WriteQueueOptions } from "../commit/write-queue.ts";
import type { StoreObserver, TraceStore } from "../trace-store.ts";
import { addUp } from "./add-up.ts";
import { openChangeLog } from "./change-log.ts";
import { type Cluster, clusterSettingsOf } from "./cluster.ts";
import { createCommitter } from "./committer.ts";
import { type ConnectionOptions, connect } from "./connection.ts";
import { dumpExperiments, dumpTraces, sizeOfAll } from "./dump.ts";
import { createEraser } from "./erase.ts";
import { experimentMessageOf } from "./experiment-message.ts";
import { finishRecent } from "./finish-recent.ts";
import { openForwardQueue } from "./forward-queue.ts";
import { openTables } from "./open-tables.ts";
import { watchPending } from "./pending-count.ts";
import { createDatabase, migrate } from "./schema.ts";
import { openTraceReader } from "./trace-reader.ts";
import { openSearches } from "./trace-search.ts";

export interface ClickHouseStoreOptions extends ConnectionOptions, WriteQueueOptions {
  /** Undefined: one server. */
  readonly cluster: Cluster | undefined;
  readonly traceSpansMax: number;
  readonly routes: ForwardRoutes;
}

/** Counted up to here, as the contract says. */
const PENDING_COUNTED_MAX = 10_000;

/**
 * The store in a ClickHouse: one server, or a cluster of shards and replicas. What is written is added as facts and
 * never changed; what readers see follows from the facts. Several processes may share it.
 */
export async function startClickHouseStore(
  options: ClickHouseStoreOptions,
  observer: StoreObserver,
): Promise<TraceStore> {
  await using opened = new AsyncDisposableStack();
  const cluster = options.cluster?.name;
  await createDatabase(options, cluster);
  const connection = opened.use(connect(options, clusterSettingsOf(options.cluster)));
  await migrate(connection, cluster, options.database);
  const tables = openTables(connection, cluster);
  const committer = createCommitter(tables, options);
  await finishRecent(connection, committer);
  const queue = opened.use(createWriteQueue(committer, options, observer));
  const reader = openTraceReader(tables.facts);
  const searches = openSearches(connection, tables.facts);
  const log = openChangeLog(connection, searches);
  const eraser = createEraser(connection, cluster);
  const pending = watchPending(tables.listings);
  const owned = opened.move();
  return {
    ...createQueuedWrites((write, bytes, signal) => queue.write(write, bytes, signal)),
    erase: (signal) => eraser.erase(signal),
    getTraceInfos: (workspace, traceIds) => reader.infos(workspace, traceIds),
    getTrace: (workspace, traceId, withPayload) => reader.trace(workspace, traceId, withPayload),
    searchTraces: (...asked) => searches.search(...asked),
    changes: (...asked) => log.changes(...asked),
    listTwins: (...asked) => reader.twins(...asked),
    async totals(workspace, request, signal) {
      signal.throwIfAborted();
      return addUp(connection, await tables.experiments.read(), workspace, request, signal);
    },
    async getExperiment(workspace, choice) {
      const found = (await tables.experiments.read()).find(workspace, choice);
      if (found === undefined) return undefined;
      const sizes = await tables.listings.sizes(workspace, [found.id]);
      return experimentMessageOf(found, sizes.get(found.id));
    },
    async listExperiments(workspace, limit, after = -1n) {
      const page = (await tables.experiments.read()).page(workspace, limit, after);
      const sizes = await tables.listings.sizes(
        workspace,
        page.map(({ id }) => id),
      );
      return page.map((experiment) => experimentMessageOf(experiment, sizes.get(experiment.id)));
    },
    async listLimits(workspace, limit, after = -1n) {
      const page = (await tables.experiments.read()).page(workspace, limit, after);
      return page.map(({ id, name, ownRetention }) => ({ id, name, ownRetention }));
    },
    sizeOfAll: () => sizeOfAll(connection),
    dumpExperiments: (after, limit) => dumpExperiments(tables, after ?? -1n, limit),
    dumpTraces: (after, limit) => dumpTraces(connection, tables.facts, after, limit),
    countPending: (endedBeforeNs) => tables.listings.countPending(endedBeforeNs, PENDING_COUNTED_MAX),
    forwards: openForwardQueue(tables.forwards, reader),
    routeBy: committer.routeBy,
    condition: () => ({
      ready: queue.ready,
      degraded: queue.degraded ?? connection.trouble,
      pendingTraces: pending.count(),
      queuedBytes: queue.queuedBytes,
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
