import { afterAll, beforeAll } from "vitest";
import { type Postgres, startPostgres } from "../../../tools/databases/postgres.ts";
import { openPostgres } from "./postgres-stores.ts";
import { describeTraceStore } from "./trace-store-suite.ts";

const START_MS = 120_000;
/** A write is a few round trips. */
const EFFORT = 0.3;

let server: Postgres;
beforeAll(async () => {
  server = await startPostgres();
}, START_MS);
afterAll(() => server[Symbol.asyncDispose]());

describeTraceStore("the PostgreSQL store", async () => openPostgres(await server.newDatabase()), EFFORT);
