import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAddedUp } from "../../../services/trace-writer/store/added-up.ts";
import { addUp } from "../../../services/trace-writer/store/postgres/add-up.ts";
import { openReads } from "../../../services/trace-writer/store/postgres/database.ts";
import { type Postgres, startPostgres } from "../../../tools/databases/postgres.ts";
import { openPostgres } from "./postgres-stores.ts";
import { type AddUp, totalsOf, write, writing } from "./totals-writing.ts";

const START_MS = 120_000;
const never = new AbortController().signal;

let server: Postgres;
beforeAll(async () => {
  server = await startPostgres();
}, START_MS);
afterAll(() => server[Symbol.asyncDispose]());

test("what was added up before is the same as added up anew, whatever two writers wrote, moved and deleted since", async () => {
  const url = await server.newDatabase();
  await using one = await openPostgres(url);
  await using other = await openPostgres(url);
  await using reading = openReads({ url, connectionsMax: 2, statementTimeoutMs: 10_000 });
  const anew: AddUp = (request) =>
    reading.readAtOneMoment((connection) => addUp(connection, "default", request, createAddedUp(1), never));
  const step = fc.array(fc.tuple(writing, fc.boolean()), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(step, async (written) => {
      await Promise.all(written.map(([each, isOne]) => write(isOne ? one : other, each)));
      expect(await totalsOf(one)).toEqual(await totalsOf(one, anew));
    }),
    { numRuns: 20 },
  );
});
