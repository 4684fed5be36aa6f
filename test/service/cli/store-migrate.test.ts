import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { type Postgres, startPostgres } from "../../../tools/databases/postgres.ts";
import { until } from "../../../tools/until.ts";
import { openPostgres } from "../trace-writer/postgres-stores.ts";
import { record, span, spanId, traceId } from "../trace-writer/sample-traces.ts";
import { openSqlite } from "../trace-writer/sqlite-stores.ts";
import { everythingIn } from "../trace-writer/whole-reads.ts";
import { writeRecords, writeSpans } from "../trace-writer/writing.ts";
import { run } from "./run-cli.ts";

const START_MS = 120_000;
const never = new AbortController().signal;

let server: Postgres;
beforeAll(async () => {
  server = await startPostgres();
}, START_MS);
afterAll(() => server[Symbol.asyncDispose]());

const routes = new Map([["default", { mirrors: ["mlflow"], keys: new Map(), experiments: new Map() }]]);
const start = (path: string) => openSqlite(path, { routes });

const isState = (name: string) => /^store-migrate-.*\.json$/.test(name);

/** A directory with a file of traces, and a configuration that also knows an empty database. */
async function newSystem(agents: number) {
  const directory = mkdtempSync(join(tmpdir(), "twinspan-migrate-"));
  const [file, config] = [join(directory, "traces.db"), join(directory, "twinspan.yaml")];
  const url = await server.newDatabase();
  writeFileSync(
    config,
    `traceWriter: {store: {sqlite: {path: ${file}}, postgres: {url: "${url}"}}, destinations: {mlflow: {url: "http://127.0.0.1:9"}}}\n`,
  );
  await using store = await start(file);
  await writeSome(store, agents);
  const migrate = ["--config", config, "store", "migrate", "--from", "sqlite", "--to", "postgres"];
  const reads = async () => {
    await using source = await start(file);
    await using target = await openPostgres(url);
    return { source: await everythingIn(source), target: await everythingIn(target) };
  };
  return { directory, file, url, migrate, reads };
}

/** Agents' traces, each with a mirror of a call. Nothing waits to be forwarded. */
async function writeSome(store: TraceStore, agents: number): Promise<void> {
  const numbers = Array.from({ length: agents }, (_, index) => index + 1);
  const records = numbers.map((n) => record({ n, start: n, caller: { trace: traceId(n), span: spanId(1) } }));
  await writeRecords(store, records);
  const spans = numbers.map((n) => span({ trace: traceId(n), span: spanId(1), start: n, end: n + 200 }));
  await writeSpans(store, "agents", spans);
  await store.forwards.trim("mlflow", 0);
}

test(
  "a store is counted, moved, moved again, and compared, in the words of people",
  async () => {
    const { migrate, reads, directory } = await newSystem(30);
    const counted = await run([...migrate, "--dry-run"]);
    expect(counted).toMatchObject({ status: 0, err: "" });
    expect(counted.out).toMatch(
      /^from \/.*traces\.db: 60 traces, .* KB as it keeps them\nto {3}postgres:.*: 0 traces, /,
    );
    for (let time = 1; time <= 2; time += 1) {
      const moved = await run(migrate);
      expect(moved).toEqual({ status: 0, out: expect.stringMatching(/^moved 60 traces, .* KB\n$/), err: "" });
      const { source, target } = await reads();
      expect(target).toEqual(source);
    }
    expect(readdirSync(directory).filter((name) => name.startsWith("store-migrate"))).toEqual([]);
    const compared = await run([...migrate, "--verify"]);
    expect(compared).toEqual({ status: 0, out: "compared 60 traces: all are read the same\n", err: "" });
  },
  START_MS,
);

test(
  "a comparison names what is not read the same",
  async () => {
    const { migrate, url } = await newSystem(3);
    await run(migrate);
    {
      await using target = await openPostgres(url);
      await target.editTags("default", traceId(2), { other: "1" }, never);
    }
    const compared = await run([...migrate, "--verify"]);
    expect(compared.status).toBe(1);
    expect(compared.err).toBe(
      `twinspan: not read the same on both sides: 1\n  trace tr-${traceId(2)} of workspace default\n`,
    );
  },
  START_MS,
);

test(
  "a move that is killed goes on where it was, and nothing is lost or doubled",
  async () => {
    const { migrate, url, directory } = await newSystem(800);
    const states = () => readdirSync(directory).filter(isState);
    const child = spawn(process.execPath, ["cli/main.ts", ...migrate], { stdio: "ignore" });
    const exit = once(child, "exit");
    await until("a page is moved", () => states().length === 1, 60_000);
    child.kill("SIGKILL");
    await exit;
    expect(states()).toHaveLength(1);
    const resumed = await run(migrate, {}, { errIsTerminal: true });
    expect(resumed).toMatchObject({ status: 0, out: expect.stringMatching(/^moved 1,600 traces/) });
    expect(resumed.err).toMatch(/█.* % [\d,]+ of 1,600 traces/);
    expect(states()).toEqual([]);
    expect(await run([...migrate, "--verify"])).toMatchObject({ status: 0 });
    await using target = await openPostgres(url);
    expect((await target.sizeOfAll()).traces).toBe(1600n);
  },
  START_MS,
);

test(
  "a move that is stopped says so, and where it goes on",
  async () => {
    const { migrate, directory } = await newSystem(800);
    const stop = new AbortController();
    const running = run(migrate, {}, { stop: stop.signal });
    await until("a page is moved", () => readdirSync(directory).some(isState), 60_000);
    stop.abort();
    expect((await running).err).toMatch(
      /^twinspan: stopped: moved [\d,]+ traces, .*\. The same command goes on from here\.\n$/,
    );
    expect(await run(migrate)).toMatchObject({ status: 0, out: expect.stringMatching(/^moved 1,600 traces/) });
  },
  START_MS,
);

test(
  "what cannot be moved is refused, with what to do",
  async () => {
    const { migrate, file, directory } = await newSystem(1);
    const [, config = ""] = migrate;
    const told = async (...args: string[]) => (await run(["--config", config, "store", "migrate", ...args])).err;
    expect(await told("--from", "sqlite", "--to", `sqlite:${file}`)).toBe(
      `twinspan: ${file} is both: name two stores.\n`,
    );
    expect(await told("--from", "postgres", "--to", "postgres")).toMatch(/is both: name two stores\.\n$/);
    expect(await told("--from", `sqlite:${file}x`, "--to", "postgres")).toBe(`twinspan: There is no file ${file}x.\n`);
    expect(existsSync(`${file}x`)).toBe(false);
    expect(await told("--from", "sqlite", "--to", "clickhouse")).toContain(
      "traceWriter.store.clickhouse.url is missing",
    );
    expect(await told("--from", "mysql", "--to", "postgres")).toContain("--from mysql: must be sqlite, postgres");
    const taken = `sqlite:${join(directory, "taken.db")}`;
    {
      await using other = await start(join(directory, "taken.db"));
      await other.writeExperiment("default", { kind: "create", name: "another" }, never);
    }
    expect(await told("--from", "sqlite", "--to", taken)).toMatch(
      /Experiment 1 \("gateway\/demo"\) of workspace default cannot be moved: the target has experiment 1 \("another"\).*empty store/,
    );
    {
      await using source = await start(file);
      await writeRecords(source, [record({ n: 7, caller: { trace: traceId(7), span: spanId(1) } })]);
    }
    expect(await told("--from", "sqlite", "--to", "postgres")).toMatch(
      /^twinspan: 1 items of the source wait to be forwarded to mlflow, and are not moved\..*--leave-waiting/,
    );
    expect(await run([...migrate, "--leave-waiting"])).toMatchObject({ status: 0 });
  },
  START_MS,
);
