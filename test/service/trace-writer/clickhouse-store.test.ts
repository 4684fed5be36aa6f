import { afterAll, beforeAll, vi } from "vitest";
import { startClickHouseStore } from "../../../services/trace-writer/store/clickhouse/clickhouse-store.ts";
import { type ClickHouse, startClickHouse } from "../../../tools/databases/clickhouse.ts";
import { SUITE_ROUTES } from "./forwards-suite.ts";
import { describeTraceStore } from "./trace-store-suite.ts";

/** Hundreds of queries, of some milliseconds each on a machine that has time. */
vi.setConfig({ testTimeout: 120_000 });

let server: ClickHouse;
beforeAll(async () => {
  server = await startClickHouse();
}, 600_000);
afterAll(() => server[Symbol.asyncDispose]());

/** A commit is six queries, of some milliseconds each. */
const EFFORT = 0.08;

const open = () =>
  startClickHouseStore(
    {
      url: server.url,
      user: "default",
      password: undefined,
      database: server.newDatabase(),
      connectionsMax: 8,
      requestTimeoutMs: 30_000,
      commitBatchMax: 250,
      queueBytesMax: 64 * 1024 * 1024,
      cluster: undefined,
      traceSpansMax: 50,
      routes: SUITE_ROUTES,
    },
    { committed: () => {}, failed: () => {} },
  );

describeTraceStore("the ClickHouse store", open, EFFORT);
