import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOUR_NS } from "../../../services/trace-writer/core/totals/totals-units.ts";
import { createAddedUp } from "../../../services/trace-writer/store/added-up.ts";
import { addUp } from "../../../services/trace-writer/store/postgres/add-up.ts";
import { openReads } from "../../../services/trace-writer/store/postgres/database.ts";
import { execute, type Postgres, startPostgres } from "../../../tools/databases/postgres.ts";
import { openPostgres } from "./postgres-stores.ts";
import { attributes, record, T0 } from "./sample-traces.ts";
import { type AddUp, totalsOf, write, writing } from "./totals-writing.ts";
import { writeRecords } from "./writing.ts";

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

test("a month is added up however many groups its hours have, as long as the answer has few", async () => {
  const [hours, models] = [800, 63];
  const url = await server.newDatabase();
  await using store = await openPostgres(url, { traceSpansMax: 2 * models });
  const sample = record({ n: 1, start: 0, experiment: "many", attempts: models });
  for (const [index, attempt] of sample.full?.resourceSpans?.scopeSpans[0]?.spans.entries() ?? []) {
    const said = attempt.attributes.filter(({ key }) => key !== "gen_ai.request.model");
    if (index > 0) attempt.attributes = [...said, ...attributes({ "gen_ai.request.model": `model-${index}` })];
  }
  await writeRecords(store, [sample]);
  // The same trace in each of the hours before.
  const copies = `generate_series(1, ${hours - 1}) AS earlier`;
  for (const [table, changes] of [
    ["traces", `'ref', ref - earlier, 'trace_id', gen_random_uuid(), 'start_ns', start_ns - earlier * ${HOUR_NS}`],
    ["chunks", "'trace_ref', trace_ref - earlier"],
    ["changed_hours", "'hour', hour - earlier"],
  ]) {
    const row = `jsonb_populate_record(held, jsonb_build_object(${changes}))`;
    await execute(url, `INSERT INTO ${table} SELECT (${row}).* FROM ${table} AS held, ${copies}`);
  }
  const experiment = await store.getExperiment("default", { $case: "name", value: "many" });
  const [fromNs, toNs] = [T0 - BigInt(hours) * HOUR_NS, T0 + HOUR_NS];
  const asked = { fromNs, toNs, bucketNs: toNs - fromNs, of: "billed", groupBy: "model", groupsMax: 1 } as const;
  const points = await store.totals("default", { ...asked, experimentIds: [BigInt(experiment?.id ?? -1)] }, never);
  expect(points.map(({ requests }) => requests)).toEqual([hours, hours * (models - 1)]);
});
