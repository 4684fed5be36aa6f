import { expect, test } from "vitest";
import type { CreateExperimentResponse } from "#proto/twinspan/trace/v1/experiment_service.ts";
import { keyFor, startKeyedServices } from "../../system/keyed-services.ts";
import { call, newDirectory, type Running, startRunning } from "../trace-writer/running.ts";
import { record } from "../trace-writer/sample-traces.ts";
import { run } from "./run-cli.ts";

const SETTINGS = {
  retention: { tracesMax: 900, ceiling: { bytesMax: 1e9 } },
  experiments: [{ name: "named", retention: {} }],
};

const create = ({ experiments }: Running, name: string) =>
  call<CreateExperimentResponse>((done) => experiments.createExperiment({ name }, done));
const experimentOf = ({ address }: Running, ...args: readonly string[]) =>
  run(["experiment", ...args, "--target", address]);

test("all experiments are listed, however many there are", async () => {
  await using running = await startRunning();
  const names = Array.from({ length: 1_001 }, (_, n) => `experiment ${n}`);
  await Promise.all(names.map((name) => create(running, name)));
  const { out } = await experimentOf(running, "list");
  for (const name of names) expect(out).toContain(`\n${name}  `);
});

test("experiments are made, listed, limited and renamed, and it is said what holds", async () => {
  await using running = await startRunning(newDirectory(), "{}", SETTINGS);
  const experiment = (...args: readonly string[]) => experimentOf(running, ...args);
  expect(await experiment("create", "first")).toEqual({
    status: 0,
    out: "first: 900 traces, 1 GB kept (configured for all; no more than 1 GB)\n",
    err: "",
  });
  expect((await experiment("create", "named")).out).toContain("1 GB kept (configured for its name;");
  expect((await experiment("create", "first")).err).toContain("There is an experiment of that name.");
  expect((await experiment("retain", "first", "--age", "12h", "--bytes", "2.5MB")).out).toContain(
    "first: 12 hours, 2.5 MB kept (set for it;",
  );
  expect((await experiment("rename", "first", "second")).out).toBe("second\n");
  const { out } = await experiment("list");
  expect(out.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
    ["experiment", "traces", "size", "kept", "set"],
    ["Default", "0", "0 B", "900 traces, 1 GB", "configured for all"],
    ["second", "0", "0 B", "12 hours, 2.5 MB", "set for it"],
    ["named", "0", "0 B", "1 GB", "configured for its name"],
    [""],
  ]);
  expect((await experiment("retain", "second", "--everything")).out).toContain("second: 1 GB kept (set for");
  expect((await experiment("retain", "second", "--as-configured")).out).toContain("900 traces");
  const listed: unknown = JSON.parse((await experiment("list", "--json")).out);
  expect(listed).toMatchObject([{ name: "Default" }, { retention: { source: "RETENTION_SOURCE_ALL" } }, {}]);
  expect((await experiment("rename", "first", "third")).err).toContain(
    'no experiment "first" (there are: Default, second',
  );
});

test("limits that delete something are not set before one says that they may", async () => {
  await using running = await startRunning(newDirectory(), "{}", { retention: { everyMs: 86_400_000 } });
  const records = [1, 2, 3].map((n) => record({ n, experiment: "held" }));
  await call((done) => running.writer.writeInvocations({ records }, done));
  const retain = (...args: readonly string[]) => experimentOf(running, "retain", "held", ...args);
  const { status, out, err } = await retain("--traces", "1");
  expect([status, out]).toEqual([1, ""]);
  expect(err).toBe(
    "twinspan: That deletes, for good: the 2 oldest traces of 3. Nothing is changed; say --yes if it may.\n",
  );
  expect((await experimentOf(running, "list")).out).toMatch(/held +3 +\d+ B +everything +configured for all/);
  expect((await retain("--age", "1d")).err).toContain("all that is older than 1 day (its oldest trace is");
  expect((await retain("--traces", "3")).out).toBe("held: 3 traces kept (set for it)\n");
  expect((await retain("--traces", "1", "--yes")).out).toBe("held: 1 trace kept (set for it)\n");
});

test("what is no limit is told, with what one looks like", async () => {
  const failed = async (...args: readonly string[]) => (await run(["experiment", "retain", "any", ...args])).err;
  expect(await failed()).toContain("--everything; or --as-configured");
  expect(await failed("--age", "a week")).toContain("30d");
  expect(await failed("--traces", "0")).toContain("a whole number from 1 on");
  expect(await failed("--bytes", "50 gigs")).toContain("500MB or 50GB");
  expect(await failed("--everything", "--age", "3d")).toContain("cannot be used with");
  expect(await failed("--as-configured", "--everything")).toContain("cannot be used with");
});

test("the command line sends its key, and only admins set how much is kept", async () => {
  const admin = keyFor("admin", ["admin"]);
  const agents = keyFor("agents", ["write-traces", "read-traces"]);
  await using services = await startKeyedServices({ auth: { keys: [admin.line, agents.line] } });
  const retain = (key: string) =>
    run(["experiment", "retain", "Default", "--age", "9d", "--target", services.traceWriter.address, "--key", key]);
  expect((await retain(agents.key)).err).toContain("admin");
  expect((await retain(admin.key)).out).toBe("Default: 9 days kept (set for it)\n");
});
