import { afterAll, beforeAll, test } from "vitest";
import { type Postgres, startPostgres } from "../../tools/databases/postgres.ts";
import { until } from "../../tools/until.ts";
import { expectNothingLost, restart, restartCallersSide, worksAgain } from "./rolling-load.ts";
import { startRollingSystem } from "./rolling-system.ts";

const START_MS = 120_000;
/** Six processes start twice, one after the other. */
const ROLLING_MS = 240_000;
const COMMITS = "twinspan_trace_writer_commit_seconds_count";

let server: Postgres;
beforeAll(async () => {
  server = await startPostgres();
}, START_MS);
afterAll(() => server[Symbol.asyncDispose]());

test(
  "of two trace-writers on PostgreSQL both store, and one (of two workers) is killed, the other restarted: no call fails, and each has its twin traces, once",
  async () => {
    await using system = await startRollingSystem({ postgresUrl: await server.newDatabase(), writerWorkers: 2 });
    const [one, other] = system.traceWriters;
    if (one === undefined || other === undefined) throw new Error("there are two trace-writers");
    await expectNothingLost(system, async (isIn) => {
      await worksAgain(one, COMMITS);
      await worksAgain(other, COMMITS);
      await one.kill();
      const before = await other.metric(COMMITS);
      await until("the other stores what it did", async () => (await other.metric(COMMITS)) > before + 4);
      await one.start();
      await worksAgain(one, COMMITS);
      await restart(other);
      await worksAgain(other, COMMITS);
      await restartCallersSide(system, isIn);
    });
  },
  ROLLING_MS,
);
