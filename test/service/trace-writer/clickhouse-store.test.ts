import { afterAll, beforeAll, vi } from "vitest";
import { type ClickHouse, startClickHouse } from "../../../tools/databases/clickhouse.ts";
import { describeClickHouseSchema } from "./clickhouse-schema-suite.ts";
import { openClickHouse } from "./clickhouse-stores.ts";
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

const open = () => openClickHouse(server, server.newDatabase(), { routes: SUITE_ROUTES });

describeTraceStore("the ClickHouse store", open, EFFORT);
describeClickHouseSchema(() => server);
