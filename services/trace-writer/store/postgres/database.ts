import pg from "pg";
import type { Row } from "../columns.ts";

export interface DatabaseOptions {
  /** Where the database is: `postgres://user@host:5432/name`. */
  readonly url: string;
  /** The user's password, in place of one in the URL. */
  readonly password?: string | undefined;
  /** How many connections there are at the most. At least 2. */
  readonly connectionsMax: number;
  /** How long a statement may take, and how long a connection may take to open. */
  readonly statementTimeoutMs: number;
}

/** What a parameter may be. Bytes go as they are. */
export type Parameter = string | number | bigint | boolean | Uint8Array | null | readonly string[];

/** A connection, within a transaction or for itself. */
export interface Connection {
  /** The rows of a statement. */
  rows(sql: string, values?: readonly Parameter[]): Promise<readonly Row[]>;
  /** How many rows a statement has written. */
  write(sql: string, values?: readonly Parameter[]): Promise<number>;
}

/**
 * A database, to read from, and for single statements that need no transaction. Half of its connections are left to who
 * commits, so that reads, however long, do not hold up what is written.
 */
export interface ReadDatabase extends AsyncDisposable {
  /** For single statements: each goes over any connection. */
  readonly reads: Connection;
  /**
   * A transaction that sees one moment and writes nothing. It is not begun, and rejects with the signal's reason, where
   * that aborts while others have the connections.
   */
  readAtOneMoment<Value>(read: (connection: Connection) => Promise<Value>, signal?: AbortSignal): Promise<Value>;
  connections(): ConnectionCounts;
}

/** A database, to commit to, over the other half. */
export interface CommitDatabase extends AsyncDisposable {
  /** A transaction that is committed when `write` resolves, and rolled back when it rejects. */
  commit<Value>(write: (connection: Connection) => Promise<Value>): Promise<Value>;
  connections(): ConnectionCounts;
}

/** How many connections are open, how many of them are used, and how many users wait for one. */
export interface ConnectionCounts {
  readonly open: number;
  readonly used: number;
  readonly waiting: number;
}

/** A server that does not answer at all is given up so much later than it should have given up itself, in milliseconds. */
const GRACE_MS = 5000;
const IDLE_MS = 60_000;
/** A connection is closed after so long, in seconds: so others are opened to where the database is then. */
const LIFETIME_S = 1800;
/** PostgreSQL's types whose values are bigints here. */
const INT8 = 20;

/** Opens the way to a database that is read. Connections are opened when they are needed. */
export function openReads(options: DatabaseOptions): ReadDatabase {
  const pool = poolOf(options, options.connectionsMax - commitConnectionsOf(options));
  return {
    reads: connectionOver((sql, values) => pool.query(sql, [...values])),
    readAtOneMoment: (read, signal) => readOnly(pool, read, signal),
    connections: () => countsOf(pool),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

/** Likewise to one that is committed to. */
export function openCommits(options: DatabaseOptions): CommitDatabase {
  const pool = poolOf(options, commitConnectionsOf(options));
  return {
    commit: (write) => committed(pool, write),
    connections: () => countsOf(pool),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

/** How many of the connections commit. */
export function commitConnectionsOf({ connectionsMax }: Pick<DatabaseOptions, "connectionsMax">): number {
  return Math.floor(connectionsMax / 2);
}

function countsOf({ totalCount, idleCount, waitingCount }: pg.Pool): ConnectionCounts {
  return { open: totalCount, used: totalCount - idleCount, waiting: waitingCount };
}

function connectionOver(
  query: (sql: string, values: readonly Parameter[]) => Promise<pg.QueryResult<Row>>,
): Connection {
  return {
    rows: async (sql, values = []) => (await query(sql, values)).rows,
    write: async (sql, values = []) => (await query(sql, values)).rowCount ?? 0,
  };
}

/** A connection over which something failed is closed: that rolls back, whatever state it is in. */
async function committed<Value>(pool: pg.Pool, run: (connection: Connection) => Promise<Value>): Promise<Value> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
    const value = await run(connectionTo(client));
    await client.query("COMMIT");
    client.release();
    return value;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** Whoever reads does not wait for the end of the transaction. */
async function readOnly<Value>(
  pool: pg.Pool,
  run: (connection: Connection) => Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  const client = await pool.connect();
  if (signal?.aborted === true) {
    client.release();
    throw signal.reason;
  }
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const value = await run(connectionTo(client));
    client.query("COMMIT").then(
      () => client.release(),
      () => client.release(true),
    );
    return value;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

function connectionTo(client: pg.PoolClient): Connection {
  return connectionOver((sql, values) => client.query(sql, [...values]));
}

function poolOf(options: DatabaseOptions, max: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    ...(options.password === undefined ? {} : { password: options.password }),
    max,
    application_name: "twinspan-trace-writer",
    connectionTimeoutMillis: options.statementTimeoutMs,
    statement_timeout: options.statementTimeoutMs,
    query_timeout: options.statementTimeoutMs + GRACE_MS,
    idleTimeoutMillis: IDLE_MS,
    maxLifetimeSeconds: LIFETIME_S,
    keepAlive: true,
    types: {
      getTypeParser: (type, format) => (type === INT8 ? BigInt : pg.types.getTypeParser(type, format)),
    },
  });
  // A connection that the server closes is no failure of its own: whoever uses it is told by the statement that fails.
  pool.on("error", () => {});
  pool.on("connect", (client) => void client.on("error", () => {}));
  return pool;
}
