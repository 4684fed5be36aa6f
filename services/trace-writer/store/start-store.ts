import type { Config } from "#lib/config/schema.ts";
import type { ForwardRoutes } from "../core/forwarding/forward-routes.ts";
import { startClickHouseStore } from "./clickhouse/clickhouse-store.ts";
import { type PostgresObserver, startPostgresStore } from "./postgres/postgres-store.ts";
import { type SqliteNotes, startSqliteStore } from "./sqlite/sqlite-store.ts";
import type { StoreObserver, TraceStore } from "./trace-store.ts";

/** The store that is used, and where it is, in words for the log: without a password. */
export interface StartedStore {
  readonly store: TraceStore;
  readonly place: string;
}

/** Hears what the store does, and makes who hears what a store of one kind does. */
export interface StoreObservers {
  readonly observer: StoreObserver;
  postgres(): Omit<PostgresObserver, keyof StoreObserver>;
  /** Hears what a SQLite store tells of itself. Default: nobody. */
  readonly sqlite?: SqliteNotes;
}

/** What of `traceWriter` a store is started with. */
export interface StoreSettings {
  readonly store: Config["traceWriter"]["store"];
  readonly limits: Pick<Config["traceWriter"]["limits"], "queueBytesMax" | "traceSpansMax">;
}

/**
 * Starts the store that `traceWriter.store.use` names. What it takes is forwarded by the routes. Fails with one line
 * that says what to do.
 */
export async function startStore(
  { limits, store: stores }: StoreSettings,
  routes: ForwardRoutes,
  { observer, postgres, sqlite }: StoreObservers,
): Promise<StartedStore> {
  const { queueBytesMax, traceSpansMax } = limits;
  const options = { queueBytesMax, traceSpansMax, routes };
  switch (stores.use) {
    case "sqlite":
      return {
        store: await startSqliteStore({ ...stores.sqlite, ...options }, observer, sqlite),
        place: stores.sqlite.path,
      };
    case "postgres": {
      const { url = "", ...settings } = stores.postgres;
      const store = await startPostgresStore({ ...settings, url, ...options }, { ...observer, ...postgres() });
      return { store, place: withoutPassword(url) };
    }
    case "clickhouse": {
      const { url = "", password, cluster, ...asked } = stores.clickhouse;
      const place = `${url.replace(/\/+$/, "")}/${asked.database}`;
      return { store: await startClickHouseStore({ ...asked, ...options, url, password, cluster }, observer), place };
    }
  }
}

function withoutPassword(url: string): string {
  const place = new URL(url);
  place.password = "";
  return place.href;
}
