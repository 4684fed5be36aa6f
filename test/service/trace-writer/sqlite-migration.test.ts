import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { pack, unpack } from "../../../services/trace-writer/store/packing.ts";
import { BATCH_MIGRATION } from "../../../services/trace-writer/store/sqlite/batch-migration.ts";
import { MIGRATIONS } from "../../../services/trace-writer/store/sqlite/migrations.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { until } from "../../../tools/until.ts";
import { ServiceProcess } from "../../system/service-process.ts";
import { SUITE_ROUTES } from "./forwards-suite.ts";
import { configOf, newDirectory } from "./running.ts";
import { writeSampleStore } from "./sample-store.ts";
import { idsOf, record, span, spanId, traceId } from "./sample-traces.ts";
import { newFile, openSqlite } from "./sqlite-stores.ts";
import { everythingIn } from "./whole-reads.ts";
import { textOf, writeRecords, writeSpans } from "./writing.ts";

/** What `writeSampleStore` has written by the code that had schema 10: a row a span, a payload a row. */
const OF_SCHEMA_10 = new URL("./sqlite-schema-10.db.zst", import.meta.url);
const never = new AbortController().signal;
const start = (path: string, notes?: Parameters<typeof openSqlite>[2]) =>
  openSqlite(path, { routes: SUITE_ROUTES }, notes);

function oldFile(): string {
  const path = newFile();
  writeFileSync(path, zstdDecompressSync(readFileSync(OF_SCHEMA_10)));
  return path;
}

/** What waits, as it would be sent, and what readers are told but for when experiments were made. */
async function readsOf(store: TraceStore): Promise<string> {
  const forwarded = [];
  for (const destination of ["mirrors", "both", "team", "traces", "agents"]) {
    for (const forward of await store.forwards.next(destination, 1000)) {
      forwarded.push({ destination, traceId: forward.traceId, spans: await store.forwards.read(forward, true) });
    }
  }
  const told = textOf({ everything: await everythingIn(store), forwarded });
  return told.replaceAll(/"createTime":\{[^}]*\}/g, '"createTime":0');
}

test("a file of a version that had a row a span tells readers the same, and takes what comes as if it were new", async () => {
  const path = oldFile();
  await using old = await start(path);
  await using fresh = await start(newFile());
  await writeSampleStore(fresh);
  expect(JSON.parse(await readsOf(old))).toEqual(JSON.parse(await readsOf(fresh)));

  const caller = { trace: traceId(1), span: spanId(1) };
  for (const store of [old, fresh]) {
    // A record that came before, one that did not, a late span, one that replaces another, and edits of a full trace.
    expect((await writeRecords(store, [record({ n: 2, start: 20, caller })]))[0]?.outcome).toBe("already_stored");
    await writeRecords(store, [record({ n: 9, caller })]);
    await writeSpans(store, "agents", [span({ trace: traceId(6), span: spanId(3), parent: spanId(1), end: 900 })]);
    await writeSpans(store, "agents", [span({ trace: traceId(6), span: spanId(1) })]);
    await store.editTags("default", idsOf(1).full, { team: "z" }, never);
  }
  expect(JSON.parse(await readsOf(old))).toEqual(JSON.parse(await readsOf(fresh)));
  expect((await old.sizeOfAll()).traces).toBe((await fresh.sizeOfAll()).traces);

  for (const { id } of await old.listExperiments("default", 10, undefined)) {
    const all = { kind: "until", startNsMax: 2n ** 63n - 1n } as const;
    await old.deleteTraces("default", BigInt(id), all, 100, never);
  }
  using db = new DatabaseSync(path, { readOnly: true });
  const left = db.prepare(
    "SELECT count(*) AS batches FROM batches JOIN traces ON ref = trace_ref AND workspace = 'default'",
  );
  // The mirror in a trace that nobody owns.
  expect(left.get()?.["batches"]).toBe(1);
});

test("a file that was to be moved, and was not moved, is moved when it is opened again", async () => {
  const [path, stopped] = [oldFile(), oldFile()];
  {
    using db = new DatabaseSync(stopped);
    db.exec(`${BATCH_MIGRATION}; PRAGMA user_version = ${MIGRATIONS.indexOf(BATCH_MIGRATION) + 1}`);
  }
  await using whole = await start(path);
  await using goesOn = await start(stopped);
  expect(await readsOf(goesOn)).toEqual(await readsOf(whole));
});

test("a move that is stopped half-way has lost nothing, goes on where it was, and tells how far it is", async () => {
  const [path, stopped] = [oldFile(), oldFile()];
  for (const file of [path, stopped]) makeLarge(file);
  {
    using db = new DatabaseSync(stopped);
    db.exec(`CREATE TRIGGER stop BEFORE DELETE ON spans WHEN OLD.trace_ref = (SELECT max(trace_ref) FROM spans)
      BEGIN SELECT RAISE(ABORT, 'stopped'); END`);
  }
  await expect(start(stopped)).rejects.toThrow("stopped");
  {
    using db = new DatabaseSync(stopped);
    for (const table of ["batches", "spans"]) {
      expect(db.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.["rows"]).toBeGreaterThan(0);
    }
    db.exec("DROP TRIGGER stop");
  }
  const told: number[] = [];
  await using goesOn = await start(stopped, { moving: ({ moved }) => void told.push(moved) });
  await using whole = await start(path);
  expect(await readsOf(goesOn)).toEqual(await readsOf(whole));
  expect(told).toEqual([0]);
});

test("a move that is killed with kill -9 in the middle of a step has lost nothing of it, and goes on where it was", async () => {
  const [directory, path] = [newDirectory(), oldFile()];
  const killed = join(directory, "traces.db");
  copyFileSync(path, killed);
  for (const file of [path, killed]) makeLarge(file);
  {
    using db = new DatabaseSync(killed);
    // It comes to the last trace, and no further.
    db.exec(`CREATE TRIGGER stop BEFORE DELETE ON spans WHEN OLD.trace_ref = (SELECT max(trace_ref) FROM spans)
      BEGIN SELECT count(*) FROM ${Array.from({ length: 9 }, (_, index) => `sqlite_schema AS s${index}`).join()}; END`);
  }
  const config = join(directory, "twinspan.yaml");
  writeFileSync(config, configOf(directory));
  const writer = new ServiceProcess("trace-writer", "http://127.0.0.1:1", { TWINSPAN_CONFIG: config });
  const started = expect(writer.start()).rejects.toThrow("ended at its start");
  await until("a step is done, and the next has begun", () => rowsIn(killed, "batches") > 0 && isWrittenTo(killed));
  await writer.kill();
  await started;
  expect(rowsIn(killed, "spans")).toBeGreaterThan(0);
  {
    using db = new DatabaseSync(killed);
    db.exec("DROP TRIGGER stop");
  }
  await using goesOn = await start(killed);
  await using whole = await start(path);
  expect(await readsOf(goesOn)).toEqual(await readsOf(whole));
});

/** 0: there is no such table. */
function rowsIn(path: string, table: "batches" | "spans"): number {
  using db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(table) === undefined) return 0;
  return Number(db.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.["rows"]);
}

/** Whether somebody else is within a transaction that writes. */
function isWrittenTo(path: string): boolean {
  using db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec("BEGIN IMMEDIATE; ROLLBACK");
    return false;
  } catch (error) {
    if (error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY) return true;
    throw error;
  }
}
const SQLITE_BUSY = 5;

/** Gives the first payload so much that nothing is moved together with what comes after it. */
function makeLarge(path: string): void {
  using db = new DatabaseSync(path);
  const first = db.prepare("SELECT trace_ref, bytes FROM payloads ORDER BY trace_ref LIMIT 1").get();
  const { trace_ref: ref = null, bytes } = first ?? {};
  if (!(bytes instanceof Uint8Array)) throw new Error("there is a payload");
  // A field that nobody knows, number 15, with 40 MiB of zeros.
  const unknown = Buffer.concat([Buffer.from([0x7a, 0x80, 0x80, 0x80, 0x14]), Buffer.alloc(40 * 1024 * 1024)]);
  db.prepare("UPDATE payloads SET bytes = ? WHERE trace_ref = ?").run(
    pack(Buffer.concat([unpack(bytes), unknown])),
    ref,
  );
}

test("a file of a version before searches is filled in when it is opened", async () => {
  const path = oldFile();
  const older = newFile();
  withoutWhatIsSaid(path);
  copyAsOf(2, path, older);
  const before = factsIn(path);
  await using migrated = await start(older);
  expect(migrated.condition().ready).toBe(true);
  const after = factsIn(older);
  expect(before.facets.length).toBeGreaterThan(15);
  expect(after).toEqual(before);
});

/** Removes traces that are claimed or whose tags were edited: there was no such thing. */
function withoutWhatIsSaid(path: string): void {
  using db = new DatabaseSync(path);
  const said = "(SELECT ref FROM traces WHERE claim IS NOT NULL OR tag_edits IS NOT NULL)";
  db.exec(`DELETE FROM spans WHERE trace_ref IN ${said}; DELETE FROM trace_facets WHERE trace_ref IN ${said};
    DELETE FROM traces WHERE ref IN ${said}`);
}

/** A file of an older version of the schema, with what that version had of another file. */
function copyAsOf(version: number, path: string, old: string): void {
  using db = new DatabaseSync(old);
  for (const migration of MIGRATIONS.slice(0, version)) db.exec(migration);
  db.exec(`PRAGMA user_version = ${version}`);
  db.prepare("ATTACH ? AS new").run(path);
  const tables = db
    .prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all();
  for (const { name } of tables) {
    const columns = db.prepare("SELECT name FROM pragma_table_info(?, 'main')").all(String(name));
    const list = columns.map((column) => String(column["name"])).join();
    db.exec(`DELETE FROM main.${name}; INSERT INTO main.${name} (${list}) SELECT ${list} FROM new.${name}`);
  }
}

/** What searches look at in a file, by the names of values: their ids follow the order of arrival. */
function factsIn(path: string) {
  using db = new DatabaseSync(path, { readOnly: true, readBigInts: true });
  // The samples' full traces do not say their provider but in the names of spans, which is where it is taken from here.
  const facets = `SELECT experiment_id, name, value, start_ns, trace_ref FROM trace_facets
    JOIN facet_values ON id = value_id WHERE name <> 'provider' ORDER BY trace_ref, name, value`;
  const traces = "SELECT ref, duration_ns, state, name FROM traces ORDER BY ref";
  return { facets: db.prepare(facets).all(), traces: db.prepare(traces).all() };
}
