import { expect, test } from "vitest";
import type { TraceStore } from "../../services/trace-writer/store/trace-store.ts";
import { execute, startOwnPostgres } from "../../tools/databases/postgres.ts";
import { until } from "../../tools/until.ts";
import { openPostgres } from "../service/trace-writer/postgres-stores.ts";
import { idsOf, record, span, spanId, traceId } from "../service/trace-writer/sample-traces.ts";
import { writeRecords, writeSpans } from "../service/trace-writer/writing.ts";

const LONG_MS = 120_000;
const CUT = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = 'twinspan-trace-writer' AND pid <> pg_backend_pid()`;

test(
  "connections that are cut, and a server that crashes, lose nothing that was acknowledged and double nothing",
  async () => {
    await using server = await startOwnPostgres();
    const url = await server.newDatabase();
    const retries: string[] = [];
    await using one = await openPostgres(url, {}, retries);
    await using other = await openPostgres(url, {}, retries);
    const acknowledged = new Set<number>();
    let next = 1;
    let writing = true;
    const write = async (store: TraceStore) => {
      while (writing) {
        const n = next++;
        await writeRecords(store, [record({ n, caller: { trace: traceId(n), span: spanId(1) } })]);
        await writeSpans(store, "agents", [span({ trace: traceId(n), span: spanId(1), end: 500 })]);
        acknowledged.add(n);
      }
    };
    const writers = Promise.all([one, other, one, other, one, other].map(write));
    const goesOn = async () => {
      const before = acknowledged.size;
      await until("writes go on", () => acknowledged.size > before + 10, 30_000);
    };
    for (const fault of [
      () => execute(url, CUT),
      () => server.crash(),
      () => execute(url, CUT),
      () => server.crash(),
    ]) {
      await goesOn();
      await fault();
    }
    await goesOn();
    writing = false;
    await writers;
    expect(retries).toContain("connection");
    const never = new AbortController().signal;
    for (const n of acknowledged) {
      const trace = await one.getTrace("default", traceId(n), true);
      expect(trace?.info).toMatchObject({ spanCount: 3, linkedTraceIds: [`tr-${idsOf(n).full}`] });
      expect((await one.getTrace("default", idsOf(n).full, true))?.info?.spanCount).toBe(2);
    }
    const experiments = await one.listExperiments("default", 100, undefined);
    const request = {
      fromNs: 0n,
      toNs: 2n ** 63n - 1n,
      bucketNs: 2n ** 62n,
      of: "billed",
      groupBy: undefined,
      groupsMax: 1,
    } as const;
    const ids = experiments.map(({ id }) => BigInt(id));
    const points = await one.totals("default", { ...request, experimentIds: ids }, never);
    expect(points.reduce((sum, { requests }) => sum + requests, 0)).toBe(acknowledged.size);
    const [held] = await execute(
      url,
      "SELECT (SELECT sum(traces)::int FROM experiment_sizes) AS held, count(*)::int AS counted FROM traces",
    );
    expect(held?.["held"]).toBe(held?.["counted"]);
  },
  LONG_MS,
);

test(
  "a database that stays away is told as degraded, callers are told to try again, and it heals by itself",
  async () => {
    await using server = await startOwnPostgres();
    const url = await server.newDatabase();
    await using store = await openPostgres(url, { statementTimeoutMs: 2000 });
    await server.stop();
    const write = writeSpans(store, "away", [span({ trace: traceId(1), span: spanId(1) })]);
    await until("it is told", () => store.condition().degraded?.includes("cannot be written to"));
    await expect(store.getTrace("default", traceId(1), true)).rejects.toMatchObject({ kind: "unavailable" });
    await server.start();
    expect(await write).toEqual({ kind: "stored", rejected: new Map() });
    expect(store.condition().degraded).toBeUndefined();
    expect((await store.getTrace("default", traceId(1), true))?.info?.spanCount).toBe(1);
  },
  LONG_MS,
);

test(
  "beyond what may wait, a write is turned away at once",
  async () => {
    await using server = await startOwnPostgres();
    await using store = await openPostgres(await server.newDatabase(), { queueBytesMax: 2000 });
    const writes = Array.from({ length: 20 }, (_, index) =>
      writeSpans(store, "full", [span({ trace: traceId(index + 1), span: spanId(1) })]),
    );
    const settled = await Promise.allSettled(writes);
    const refused = settled.filter(({ status }) => status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(20);
    expect(refused[0]).toMatchObject({ reason: { kind: "unavailable" } });
  },
  LONG_MS,
);
