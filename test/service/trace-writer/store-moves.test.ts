import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { moveExperiments, moveTraces } from "../../../services/trace-writer/migration/move-traces.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { type ClickHouse, startClickHouse } from "../../../tools/databases/clickhouse.ts";
import { type Postgres, startPostgres } from "../../../tools/databases/postgres.ts";
import { openClickHouse } from "./clickhouse-stores.ts";
import { moveAll } from "./moves-suite.ts";
import { arbitraryArrivals, arrive } from "./permutations.ts";
import { openPostgres } from "./postgres-stores.ts";
import { idsOf, record, span, spanId, traceId } from "./sample-traces.ts";
import { openSqlite } from "./sqlite-stores.ts";
import { everythingIn } from "./whole-reads.ts";
import { writeRecords, writeSpans } from "./writing.ts";

const START_MS = 600_000;
const MOVE_MS = 240_000;
const RUNS = 8;
const LIMITS = { ageDaysMax: 30, tracesMax: 1000n, bytesMax: 0n };
const never = new AbortController().signal;

let postgres: Postgres;
let clickhouse: ClickHouse;
beforeAll(async () => {
  [postgres, clickhouse] = await Promise.all([startPostgres(), startClickHouse()]);
}, START_MS);
afterAll(() => Promise.all([postgres[Symbol.asyncDispose](), clickhouse[Symbol.asyncDispose]()]));

const openMovedTo = () => openClickHouse(clickhouse, clickhouse.newDatabase());

test(
  "whatever has come, every read of a store is the same after moves from SQLite over PostgreSQL and ClickHouse to SQLite",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryArrivals, { minLength: RUNS, maxLength: RUNS }), async (runs) => {
        await using first = await openSqlite();
        for (const [run, arrivals] of runs.entries()) {
          await Promise.all(arrivals.map((arrival) => arrive(first, [arrival], `run-${run}`)));
        }
        await edit(first);
        const before = await everythingIn(first);
        await using inPostgres = await openPostgres(await postgres.newDatabase());
        await using inClickHouse = await openMovedTo();
        await using last = await openSqlite();
        const stores = [first, inPostgres, inClickHouse, last];
        for (const [index, target] of stores.slice(1).entries()) {
          await moveAll(stores[index] ?? first, target);
          expect(await everythingIn(target)).toEqual(before);
        }
        const times = await first.dumpExperiments(undefined, 1000);
        expect(await inPostgres.dumpExperiments(undefined, 1000)).toEqual(times);
      }),
      { numRuns: 1, endOnFailure: true },
    );
  },
  MOVE_MS,
);

/**
 * What only comes after spans: edited tags, other names, twins that are gone, mirrors whose full trace is in another
 * workspace.
 */
async function edit(store: TraceStore): Promise<void> {
  const editing = await store.dumpTraces(undefined, 20);
  for (const { workspace, traceId: trace } of editing.traces) {
    await store.editTags(workspace, trace, { b: "set", "mlflow.traceName": "named", a: null }, never);
  }
  const callers = [1001, 1002, 1003].map((n) => ({ n, trace: traceId(n), span: spanId(1) }));
  const records = callers.map(({ n, ...caller }) => record({ n, caller: { ...caller, workspace: "agents" } }));
  await writeRecords(store, records, "platform");
  const spans = callers.map(({ trace }) => span({ trace, span: spanId(1) }));
  await writeSpans(store, "kept", spans.slice(0, 2), "agents");
  await remove(store, "platform", "gateway/demo", idsOf(1001).full);
  await remove(store, "agents", "kept", traceId(1002));
  const kept = await store.getExperiment("agents", { $case: "name", value: "kept" });
  if (kept === undefined) throw new Error("the experiment is not there");
  await store.writeExperiment(
    "agents",
    { kind: "update", id: BigInt(kept.id), name: "renamed", ownRetention: LIMITS },
    never,
  );
}

async function remove(store: TraceStore, workspace: string, experiment: string, trace: string): Promise<void> {
  const found = await store.getExperiment(workspace, { $case: "name", value: experiment });
  const ids = { kind: "ids", traceIds: [trace] } as const;
  const outcome = await store.deleteTraces(workspace, BigInt(found?.id ?? -1), ids, 10, never);
  expect(outcome).toEqual({ kind: "deleted", traces: 1, isMore: false });
}

test(
  "a move that is given up at any page goes on from there, and large traces make small pages",
  async () => {
    await using source = await openSqlite();
    await using target = await openPostgres(await postgres.newDatabase());
    const large = {
      inputs: Buffer.alloc(0),
      outputs: noise(3_000_000),
      errorText: "",
      truncated: false,
    };
    for (let n = 1; n <= 5; n += 1) {
      const payloads = [{ ...large, spanId: Buffer.from(idsOf(n).root, "hex") }];
      await writeRecords(source, [record({ n, payloads, caller: { trace: traceId(n), span: spanId(1) } })]);
    }
    expect(await moveExperiments(source, target, never)).toEqual([]);
    let after: string | undefined;
    let pages = 0;
    do {
      // Each page by a move of its own; a page that is moved again changes nothing.
      const before = after;
      for (const from of [before, before]) {
        for await (const page of moveTraces(source, target, from, never)) {
          after = page.next;
          break;
        }
      }
      pages += 1;
    } while (after !== undefined);
    expect(pages).toBeGreaterThan(3);
    expect(await everythingIn(target)).toEqual(await everythingIn(source));
  },
  MOVE_MS,
);

/** Bytes that hardly get fewer when they are compressed. */
function noise(length: number): Buffer {
  let state = 7;
  const next = () => {
    state = (state * 48_271) % 2_147_483_647;
    return 35 + (state % 56);
  };
  return Buffer.from(Uint8Array.from({ length }, next));
}
