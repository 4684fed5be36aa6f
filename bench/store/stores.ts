import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@clickhouse/client";
import pg from "pg";
import { startClickHouse } from "../../tools/databases/clickhouse.ts";
import { startPostgres } from "../../tools/databases/postgres.ts";

/** A store as it is measured. Disposing of it ends what was started for it. */
export interface MeasuredStore extends AsyncDisposable {
  readonly name: StoreName;
  /** `traceWriter.store` of the configuration, as JSON. */
  readonly settings: object;
  /** The process of its server. Undefined: it has none, or one that was not started here. */
  readonly pid: number | undefined;
  /** What it takes on the disk, in bytes, all of it. Asked when nothing is written. */
  bytesOnDisk(): Promise<number>;
}

export type StoreName = (typeof STORE_NAMES)[number];
export const STORE_NAMES = ["sqlite", "postgres", "clickhouse"] as const;

/**
 * A store of its own for a run: SQLite in `directory`, which is empty; PostgreSQL at `POSTGRES_URL` and ClickHouse at
 * `CLICKHOUSE_URL` where those are set, else as the tests start them.
 */
export async function startStore(name: StoreName, directory: string): Promise<MeasuredStore> {
  switch (name) {
    case "sqlite":
      return sqliteIn(directory);
    case "postgres":
      return startPostgresStore();
    case "clickhouse":
      return startClickHouseStore();
  }
}

function sqliteIn(directory: string): MeasuredStore {
  return {
    name: "sqlite",
    settings: { sqlite: { path: join(directory, "traces.db") } },
    pid: undefined,
    bytesOnDisk: async () =>
      readdirSync(directory)
        .filter((file) => file.startsWith("traces.db"))
        .reduce((sum, file) => sum + statSync(join(directory, file)).size, 0),
    async [Symbol.asyncDispose]() {},
  };
}

async function startPostgresStore(): Promise<MeasuredStore> {
  const server = await startPostgres();
  const url = await server.newDatabase();
  return {
    name: "postgres",
    settings: { use: "postgres", postgres: { url } },
    pid: server.pid,
    async bytesOnDisk() {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        const { rows } = await client.query("SELECT pg_database_size(current_database()) AS bytes");
        return Number(rows[0]?.bytes);
      } finally {
        await client.end();
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function startClickHouseStore(): Promise<MeasuredStore> {
  const server = await startClickHouse();
  const { url } = server;
  const database = server.newDatabase();
  return {
    name: "clickhouse",
    settings: { use: "clickhouse", clickhouse: { url, database } },
    pid: server.pid,
    async bytesOnDisk() {
      const client = createClient({ url });
      try {
        const query = `SELECT toString(sum(bytes_on_disk)) FROM system.parts WHERE active AND database = '${database}'`;
        const answer = await client.query({ query, format: "TabSeparated" });
        return Number(await answer.text());
      } finally {
        await client.close();
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
