import { expect, test } from "vitest";
import { startClickHouseStore } from "../../../services/trace-writer/store/clickhouse/clickhouse-store.ts";
import { connect } from "../../../services/trace-writer/store/clickhouse/connection.ts";
import { migrationsOf } from "../../../services/trace-writer/store/clickhouse/schema.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import type { ClickHouse } from "../../../tools/databases/clickhouse.ts";
import { freePorts } from "../../../tools/free-ports.ts";
import { clickHouseOptions, openClickHouse } from "./clickhouse-stores.ts";
import { span, spanId, traceId } from "./sample-traces.ts";
import { searchTraces, writeSpans } from "./writing.ts";

/** What is promised of the tables: who makes them, what they are, and whose versions go together. */
export function describeClickHouseSchema(server: () => ClickHouse): void {
  const experimentId = async (store: TraceStore, name: string) =>
    BigInt((await store.getExperiment("default", { $case: "name", value: name }))?.id ?? -1);

  test("several stores that start on an empty database at once make one schema, and one experiment of a name", async () => {
    const database = server().newDatabase();
    const stores = await Promise.all([
      openClickHouse(server(), database),
      openClickHouse(server(), database),
      openClickHouse(server(), database),
    ]);
    await Promise.all(
      stores.map((store, n) => writeSpans(store, "same", [span({ trace: traceId(n + 1), span: spanId(1) })])),
    );
    for (const store of stores) {
      const named = await store.listExperiments("default", 10, undefined);
      expect(named.map(({ name }) => name)).toEqual(["Default", "same"]);
      const scope = { kind: "experiments", ids: [await experimentId(store, "same")] } as const;
      expect(await searchTraces(store, scope)).toHaveLength(stores.length);
      await store[Symbol.asyncDispose]();
    }
  });

  test("the tables of a cluster are made by statements that ClickHouse can read, replicated and spread by the home of a record", async () => {
    await using connection = connect(clickHouseOptions(server(), "default"));
    const statements = migrationsOf("traces").flat();
    const creations = statements.filter((statement) => statement.startsWith("CREATE "));
    expect(creations).toHaveLength(8);
    expect(statements.filter((statement) => !statement.startsWith("CREATE "))).toEqual(
      ["experiments_shard", "experiments"].map((table) =>
        expect.stringMatching(`^ALTER TABLE ${table} .* settings String$`),
      ),
    );
    for (const statement of statements) {
      const [read = ""] = await connection.query(
        "SELECT formatQuery({statement:String})",
        { statement },
        (row) => row.text(),
        {},
      );
      expect(read).toContain("ON CLUSTER traces");
      if (creations.includes(statement)) expect(read).toMatch(/ENGINE = (ReplicatedReplacingMergeTree|Distributed)\(/);
    }
    expect(statements.filter((statement) => statement.includes("cityHash64(home)"))).toHaveLength(2);
  });

  test("tables of the first version take limits of experiments that were there before", async () => {
    const database = server().newDatabase();
    {
      await using store = await openClickHouse(server(), database);
      await store.writeExperiment("default", { kind: "create", name: "old" }, AbortSignal.timeout(10_000));
    }
    {
      await using connection = connect(clickHouseOptions(server(), database));
      await connection.command("ALTER TABLE experiments DROP COLUMN settings SETTINGS mutations_sync = 1");
      await connection.command("DELETE FROM schema_versions WHERE version > 1");
    }
    await using store = await openClickHouse(server(), database);
    const id = await experimentId(store, "old");
    const ownRetention = { ageDaysMax: 3, tracesMax: 0n, bytesMax: 0n };
    expect((await store.getExperiment("default", { $case: "name", value: "old" }))?.ownRetention).toBeUndefined();
    await store.writeExperiment("default", { kind: "update", id, ownRetention }, AbortSignal.timeout(10_000));
    expect(await store.getExperiment("default", { $case: "name", value: "old" })).toMatchObject({ ownRetention });
  });

  test("a schema of a newer version is refused, with what to do", async () => {
    const database = server().newDatabase();
    await using store = await openClickHouse(server(), database);
    expect(store.condition().ready).toBe(true);
    await using connection = connect(clickHouseOptions(server(), database));
    await connection.command("INSERT INTO schema_versions (version) VALUES (99)");
    await expect(openClickHouse(server(), database)).rejects.toThrow(
      `The ClickHouse database ${database} has schema 99`,
    );
  });

  test("who starts where no ClickHouse is, is told where it was looked for", async () => {
    const [port] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const started = startClickHouseStore(
      { ...clickHouseOptions(server(), "none"), url },
      { committed: () => {}, failed: () => {} },
    );
    await expect(started).rejects.toThrow(`The database none cannot be opened at ${url} as default: `);
  });
}
