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

/** `traceWriter.store`: where traces are kept. */
export const store = z
  .strictObject({
    use: z
      .enum(["sqlite", "postgres"])
      .default("sqlite")
      .describe("Which store keeps the traces. The settings of the others are not looked at."),
    sqlite,
    postgres,
  })
  .prefault({});
