import {
  type ClickHouseStoreOptions,
  startClickHouseStore,
} from "../../../services/trace-writer/store/clickhouse/clickhouse-store.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import type { OwnClickHouse } from "../../../tools/databases/clickhouse.ts";

/** How the tests open a database of a server; `more`: what they want otherwise. */
export function clickHouseOptions(
  { url }: Pick<OwnClickHouse, "url">,
  database: string,
  more: Partial<ClickHouseStoreOptions> = {},
): ClickHouseStoreOptions {
  return {
    url,
    user: "default",
    password: undefined,
    database,
    connectionsMax: 8,
    requestTimeoutMs: 30_000,
    commitBatchMax: 250,
    queueBytesMax: 64 * 1024 * 1024,
    cluster: undefined,
    traceSpansMax: 50,
    routes: new Map(),
    ...more,
  };
}

/** Opens a store in a database. */
export function openClickHouse(...options: Parameters<typeof clickHouseOptions>): Promise<TraceStore> {
  return startClickHouseStore(clickHouseOptions(...options), { committed: () => {}, failed: () => {} });
}
