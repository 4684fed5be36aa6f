import { type Connection, type ConnectionOptions, connect } from "./connection.ts";
import { TABLES, type Table } from "./tables.ts";

/** Of several servers: the name of the cluster in ClickHouse's configuration. Undefined: one server. */
export type ClusterName = string | undefined;

/** The versions of the schema, forward only. Every statement may run again, since several trace-writers may start at once. */
export function migrationsOf(cluster: ClusterName): readonly (readonly string[])[] {
  return [
    TABLES.flatMap((table) => createStatementsOf(table, cluster)),
    // What is set for an experiment beside its name: a serialized StoredExperimentSettings.
    addColumnStatementsOf("experiments", "settings String", cluster),
    // From here on spans of the gateway may be stored as what is told of their call, which older versions cannot read.
    [],
  ];
}

/** Creates the database, where it is missing. Fails with one line that says what to do. */
export async function createDatabase(options: ConnectionOptions, cluster: ClusterName): Promise<void> {
  await using connection = connect({ ...options, database: "default" });
  try {
    await connection.command(`CREATE DATABASE IF NOT EXISTS ${quoted(options.database)}${onCluster(cluster)}`);
  } catch (cause) {
    const why = connection.trouble ?? (cause instanceof Error ? cause.message : String(cause));
    throw new Error(
      `The database ${options.database} cannot be opened at ${options.url} as ${options.user}: ${why} See traceWriter.store.clickhouse.`,
      { cause },
    );
  }
}

/**
 * Brings the schema up to date. A schema that a newer twinspan wrote is refused. Each version is noted when all of it
 * is there, so one that was begun and not ended is done again.
 */
export async function migrate(connection: Connection, cluster: ClusterName, database: string): Promise<void> {
  const migrations = migrationsOf(cluster);
  for (const statement of createStatementsOf(VERSIONS, cluster)) await connection.command(statement);
  const [version = 0] = await connection.query("SELECT max(version) FROM schema_versions", {}, (row) =>
    Number(row.uint64()),
  );
  if (version > migrations.length) {
    throw new Error(
      `The ClickHouse database ${database} has schema ${version}, written by a newer twinspan; this one knows ${migrations.length}. Start the newer one, or name another database in traceWriter.store.clickhouse.database.`,
    );
  }
  for (const [index, statements] of migrations.entries()) {
    if (index < version) continue;
    for (const statement of statements) await connection.command(statement);
    await connection.command(`INSERT INTO schema_versions (version) VALUES (${index + 1})`);
  }
}

/** The table that holds a table's rows on a server: of a cluster, those of one shard. */
export function shardTableOf(name: string, cluster: ClusterName): string {
  return cluster === undefined ? name : `${name}_shard`;
}

/** ` ON CLUSTER …`, where there is one. */
export function onCluster(cluster: ClusterName): string {
  return cluster === undefined ? "" : ` ON CLUSTER ${quoted(cluster)}`;
}

const VERSIONS: Table = {
  name: "schema_versions",
  columns: "version UInt64",
  replacedBy: "",
  orderBy: "version",
  shardBy: "0",
  settings: "index_granularity = 8192",
};

/** One server: one table. A cluster: a replicated table on every shard, and one that spreads over them. */
function createStatementsOf(table: Table, cluster: ClusterName): readonly string[] {
  const { name, columns, orderBy, settings, replacedBy, shardBy } = table;
  const shard = shardTableOf(name, cluster);
  const engine =
    cluster === undefined
      ? `ReplacingMergeTree(${replacedBy})`
      : `ReplicatedReplacingMergeTree(${["'/clickhouse/tables/{shard}/{database}/{table}'", "'{replica}'", replacedBy].filter((part) => part !== "").join(", ")})`;
  const stored = `CREATE TABLE IF NOT EXISTS ${shard}${onCluster(cluster)} (${columns})
    ENGINE = ${engine} ORDER BY ${orderBy} SETTINGS ${settings}`;
  if (cluster === undefined) return [stored];
  return [
    stored,
    `CREATE TABLE IF NOT EXISTS ${name}${onCluster(cluster)} AS ${shard}
    ENGINE = Distributed(${quoted(cluster)}, currentDatabase(), ${shard}, ${shardBy})`,
  ];
}

/** First where rows are, so that nobody asks for what is not there. */
function addColumnStatementsOf(table: string, column: string, cluster: ClusterName): readonly string[] {
  const tables = new Set([shardTableOf(table, cluster), table]);
  return Array.from(tables, (name) => `ALTER TABLE ${name}${onCluster(cluster)} ADD COLUMN IF NOT EXISTS ${column}`);
}

function quoted(name: string): string {
  return `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;
}
