import type { Config } from "#lib/config/schema.ts";
import { forwardRoutesOf } from "../core/forward-routes.ts";
import { startSqliteStore } from "./sqlite/sqlite-store.ts";
import type { StoreObserver, TraceStore } from "./trace-store.ts";

/** The store that is used, and where it is, in words for the log: without a password. */
export interface StartedStore {
  readonly store: TraceStore;
  readonly place: string;
}

/** Starts the store that `traceWriter.store.use` names. Fails with one line that says what to do. */
export async function startStore(config: Config, observer: StoreObserver): Promise<StartedStore> {
  const { limits, store: stores } = config.traceWriter;
  const options = {
    queueBytesMax: limits.queueBytesMax,
    traceSpansMax: limits.traceSpansMax,
    routes: forwardRoutesOf(config),
  };
  switch (stores.use) {
    case "sqlite":
      return { store: await startSqliteStore({ ...stores.sqlite, ...options }, observer), place: stores.sqlite.path };
    case "postgres":
      throw new Error("not yet");
  }
}
