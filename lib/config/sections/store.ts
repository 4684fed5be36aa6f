import { z } from "zod";
import { bytes, count, MiB, ms } from "./scalars.ts";

const sqlite = z
  .strictObject({
    path: z.string().min(1).default("var/traces.db").describe("The file of the traces. Created when missing."),
    cacheBytes: bytes(128 * MiB, "SQLite's page cache."),
    commitBatchMax: count(250, 10_000, "How many requests share one commit at the most."),
  })
  .prefault({})
  .describe("One file. No server is needed; one machine serves it.");

const postgres = z
  .strictObject({
    url: z
      .url({
        protocol: /^postgres(ql)?$/,
        hostname: /.+/,
        error: "must be an address, such as postgres://user@db:5432/twinspan",
      })
      .optional()
      .describe(
        "The database, `postgres://user@host:5432/name`. It must exist; its tables are made. TLS is `?sslmode=verify-full`. Needed where `use` is postgres.",
      ),
    password: z
      .string()
      .min(1)
      .optional()
      .describe("The user's password, in place of one in the URL. Give a reference: ${POSTGRES_PASSWORD}."),
    connectionsMax: z
      .int()
      .min(2)
      .max(500)
      .default(8)
      .describe(
        "How many connections this trace-writer has at the most. Half of them commit, the rest read; who finds none free waits.",
      ),
    commitBatchMax: count(250, 10_000, "How many requests share one commit at the most."),
    statementTimeoutMs: ms(
      30_000,
      "How long a statement may take, and how long a connection may take to open. Past it the server ends it; a commit is tried again.",
    ),
  })
  .prefault({})
  .describe("A PostgreSQL database, 14 or newer, that several trace-writers may share.");

const clickhouse = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, hostname: /.+/, error: "must be an address, such as http://clickhouse:8123" })
      .optional()
      .describe(
        "ClickHouse's HTTP interface, `http://host:8123` or `https://host:8443`. Of a cluster: a load balancer over its servers. Needed where `use` is clickhouse.",
      ),
    user: z.string().min(1).default("default").describe("Who the trace-writer is there. It makes its tables itself."),
    password: z.string().min(1).optional().describe("The user's password. Give a reference: ${CLICKHOUSE_PASSWORD}."),
    database: z
      .string()
      .regex(/^\w{1,64}$/, "must be 1 to 64 letters, digits and underscores")
      .default("twinspan")
      .describe("The database. It is made when missing."),
    cluster: z
      .strictObject({
        name: z
          .string()
          .regex(/^[\w.-]{1,64}$/, "must be 1 to 64 letters, digits, `_`, `.` and `-`")
          .describe("Its name in ClickHouse's configuration (`remote_servers`)."),
        strict: z
          .boolean()
          .default(true)
          .describe(
            "Whether a write waits for most replicas of its shard, and a read for a replica that has all of that. Without, reads may lag, and what a lost server alone had is lost.",
          ),
      })
      .optional()
      .describe("Where there are several servers: tables are sharded and replicated. Left out: one server."),
    connectionsMax: count(8, 500, "How many requests are on their way at the most; more wait."),
    commitBatchMax: count(1000, 10_000, "How many requests share one commit at the most."),
    requestTimeoutMs: ms(30_000, "How long a request may take. Past it a write is UNAVAILABLE, and may be sent again."),
  })
  .prefault({})
  .describe("A ClickHouse, 26.3 or newer: one server or a cluster, that several trace-writers may share.");

/** `traceWriter.store`: where traces are kept. */
export const store = z
  .strictObject({
    use: z
      .enum(["sqlite", "postgres", "clickhouse"])
      .default("sqlite")
      .describe("Which store keeps the traces. The settings of the others are not looked at."),
    sqlite,
    postgres,
    clickhouse,
  })
  .prefault({});
