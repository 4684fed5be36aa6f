import {
  type PostgresOptions,
  startPostgresStore,
} from "../../../services/trace-writer/store/postgres/postgres-store.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { SUITE_ROUTES } from "./forwards-suite.ts";

/** Opens a store in a database, as the suite wants it. `retries` hears why commits were tried again. */
export function openPostgres(
  url: string,
  options: Partial<PostgresOptions> = {},
  retries: string[] = [],
): Promise<TraceStore> {
  return startPostgresStore(
    {
      url,
      connectionsMax: 8,
      statementTimeoutMs: 10_000,
      commitBatchMax: 250,
      queueBytesMax: 64 * 1024 * 1024,
      traceSpansMax: 50,
      routes: SUITE_ROUTES,
      ...options,
    },
    {
      committed: () => {},
      failed: () => {},
      retried: (reason) => void retries.push(reason),
      watchConnections: () => {},
    },
  );
}
