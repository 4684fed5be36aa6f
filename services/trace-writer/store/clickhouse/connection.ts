import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { ServiceError } from "#lib/service-error.ts";
import { RowReader } from "./row-binary.ts";

/** Where a ClickHouse is, and how it is spoken to. */
export interface ConnectionOptions {
  /** `http://` or `https://`, with the port of ClickHouse's HTTP interface. */
  readonly url: string;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  /** How many requests are on their way at the most; more wait. */
  readonly connectionsMax: number;
  /** How long one may take, in milliseconds. */
  readonly requestTimeoutMs: number;
}

/** What is put in the place of `{name:Type}` in a query. Lists of anything long belong into the query itself. */
export type QueryValues = Readonly<Record<string, string | number | bigint>>;
/** ClickHouse's settings for one query. */
export type QuerySettings = Readonly<Record<string, string | number>>;

/**
 * A ClickHouse. Failures are ServiceErrors: `unavailable` where it cannot be reached or has no room or time now, else
 * the error is a bug of ours, or says what is wrong with the server.
 */
export interface Connection extends AsyncDisposable {
  /** Runs a statement that answers nothing. */
  command(statement: string, values?: QueryValues): Promise<void>;
  /**
   * Asks a query without a format, and reads each row. Rejects with the signal's reason when that aborts: then the
   * server ends the query too.
   */
  query<Row>(
    query: string,
    values: QueryValues,
    row: (reader: RowReader) => Row,
    settings?: QuerySettings,
    signal?: AbortSignal,
  ): Promise<Row[]>;
  /** Inserts rows of RowBinary in one block: all of them are seen at once. */
  insert(table: string, columns: readonly string[], rows: Uint8Array): Promise<void>;
  /** Why the last request failed. Undefined: it did not. */
  readonly trouble: string | undefined;
}

/** When a caller who was turned away should come back, in milliseconds. */
const RETRY_AFTER_MS = 1000;
/** A query that names thousands of traces is long. */
const QUERY_BYTES_MAX = 16 * 1024 * 1024;
/** Far above what one commit holds, so that its rows are never cut into several blocks. */
const BLOCK_ROWS_MAX = 50_000_000;
const BLOCK_BYTES_MAX = 4 * 1024 * 1024 * 1024;
/**
 * ClickHouse's codes of what passes by itself: too slow, too many queries or parts, a lost connection, peer, replica or
 * Keeper, read-only for now, no memory, no room.
 */
const PASSING = new Set([
  159, 160, 164, 198, 202, 203, 209, 210, 225, 236, 241, 242, 243, 244, 252, 254, 279, 285, 286, 289, 319, 394, 439,
  473, 499, 745, 999, 1000,
]);

/** Connects, without asking anything yet. */
export function connect(options: ConnectionOptions, settings: QuerySettings = {}): Connection {
  const client = createClient({
    url: options.url,
    username: options.user,
    ...(options.password === undefined ? {} : { password: options.password }),
    database: options.database,
    application: "twinspan",
    max_open_connections: options.connectionsMax,
    request_timeout: options.requestTimeoutMs,
    log: { level: ClickHouseLogLevel.OFF },
    clickhouse_settings: {
      async_insert: 0,
      // Else an error that comes late stands in the middle of an answer, under a status that says that all is well.
      wait_end_of_query: 1,
      cancel_http_readonly_queries_on_client_close: 1,
      max_query_size: QUERY_BYTES_MAX.toString(),
      max_insert_block_size: BLOCK_ROWS_MAX.toString(),
      min_insert_block_size_rows: BLOCK_ROWS_MAX.toString(),
      min_insert_block_size_bytes: BLOCK_BYTES_MAX.toString(),
      max_execution_time: Math.max(1, Math.ceil(options.requestTimeoutMs / 1000)),
      ...settings,
    },
  });
  return new ClientConnection(client);
}

class ClientConnection implements Connection {
  readonly #client: ClickHouseClient;
  trouble: string | undefined;

  constructor(client: ClickHouseClient) {
    this.#client = client;
  }

  async command(statement: string, values: QueryValues = {}): Promise<void> {
    await this.#ask(() => this.#client.command({ query: statement, query_params: { ...values } }));
  }

  async query<Row>(
    query: string,
    values: QueryValues,
    row: (reader: RowReader) => Row,
    settings: QuerySettings = {},
    signal?: AbortSignal,
  ): Promise<Row[]> {
    signal?.throwIfAborted();
    const bytes = await this.#ask(async () => {
      const asked = { query: `${query} FORMAT RowBinary`, query_params: { ...values } };
      const abort = signal === undefined ? {} : { abort_signal: signal };
      const { stream } = await this.#client.exec({ ...asked, ...abort, clickhouse_settings: { ...settings } });
      return await buffer(stream);
    }, signal);
    const reader = new RowReader(bytes);
    const rows: Row[] = [];
    while (reader.hasMore) rows.push(row(reader));
    return rows;
  }

  async insert(table: string, columns: readonly string[], rows: Uint8Array): Promise<void> {
    await this.#ask(async () => {
      const query = `INSERT INTO ${table} (${columns.join(", ")}) FORMAT RowBinary`;
      const { stream } = await this.#client.exec({ query, values: Readable.from([rows], { objectMode: false }) });
      await buffer(stream);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client.close();
  }

  async #ask<Answer>(ask: () => Promise<Answer>, signal?: AbortSignal): Promise<Answer> {
    try {
      const answer = await ask();
      this.trouble = undefined;
      return answer;
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof ClickHouseError && !PASSING.has(Number(cause.code))) throw cause;
      this.trouble = `ClickHouse does not answer as it should (${wordsOf(cause)}): is it running, and has it room?`;
      const options = { retryAfterMs: RETRY_AFTER_MS, cause };
      throw new ServiceError("unavailable", "The trace store cannot be reached now. Try again later.", options);
    }
  }
}

/** Without texts of the server, which quote what was asked. */
function wordsOf(cause: unknown): string {
  if (cause instanceof ClickHouseError) return cause.type ?? `code ${cause.code}`;
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return "the connection failed";
}
