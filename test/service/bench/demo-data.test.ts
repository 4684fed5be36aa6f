import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { ListExperimentsResponse } from "#proto/twinspan/trace/v1/experiment_service.ts";
import type { SearchTracesResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { keyFor, startKeyedServices } from "../../system/keyed-services.ts";
import { call, type Running, startRunning } from "../trace-writer/running.ts";

const run = promisify(execFile);
const DAYS_NS = 30n * 86_400_000_000_000n;

async function fill({ address }: Pick<Running, "address">, traces: number, key?: string): Promise<string> {
  const args = ["bench/demo-data.ts", "--traces", `${traces}`, "--target", address];
  const env = { ...process.env, ...(key === undefined ? {} : { TWINSPAN_KEY: key }) };
  return (await run(process.execPath, args, { env })).stderr;
}

const experimentsOf = async ({ experiments }: Running) =>
  (
    await call<ListExperimentsResponse>((done) =>
      experiments.listExperiments({ pageSize: 0, pageToken: "", filter: "" }, done),
    )
  ).experiments;

const newestOf = async ({ reader }: Running, experimentId: string, filter: string) =>
  (
    await call<SearchTracesResponse>((done) =>
      reader.searchTraces(
        {
          experimentIds: [experimentId],
          pending: false,
          unclaimed: false,
          pageSize: 500,
          pageToken: "",
          filter,
          orderBy: "",
        },
        done,
      ),
    )
  ).traces;

test("made-up traffic is stored whole, and goes on where it was stopped: what is there is not written again", async () => {
  await using running = await startRunning();
  const told = await fill(running, 1500);
  const [, stored] = /^(\d+) traces are stored, \1 of them now$/m.exec(told) ?? [];
  expect(Number(stored)).toBeGreaterThanOrEqual(1500);
  const before = await experimentsOf(running);
  expect(await fill(running, 1500)).toContain(`${stored} traces are stored`);
  expect(await experimentsOf(running)).toEqual(before);
});

test("made-up traffic looks like that of a company: endpoints, agents whose traces hold mirrors, failures, thirty days", async () => {
  await using running = await startRunning();
  await fill(running, 1500);
  const experiments = await experimentsOf(running);
  const names = experiments.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["gateway/support-chat", "gateway/code-assistant", "support-agent"]));
  const agents = await newestOf(running, experiments.find(({ name }) => name === "support-agent")?.id ?? "", "");
  expect(agents.every(({ sealed, linkedTraceIds }) => !sealed && linkedTraceIds.length > 0)).toBe(true);
  expect(agents.some(({ usage, cost }) => usage !== undefined && cost !== undefined)).toBe(true);
  const chat = experiments.find(({ name }) => name === "gateway/support-chat")?.id ?? "";
  const calls = await newestOf(running, chat, "");
  const starts = calls.map(({ startTimeUnixNano }) => startTimeUnixNano);
  expect((starts[0] ?? 0n) - (starts.at(-1) ?? 0n)).toBeGreaterThan(DAYS_NS / 3n);
  expect(await newestOf(running, chat, "status = 'ERROR'")).not.toHaveLength(0);
  expect(await newestOf(running, chat, "model = 'gpt-5'")).not.toHaveLength(0);
});

test("a trace-writer that asks for keys is filled by who has one", async () => {
  const own = keyFor("demo-data", ["record", "read-traces", "write-traces"]);
  await using services = await startKeyedServices({ auth: { keys: [own.line] } });
  const { address } = services.traceWriter;
  await expect(fill({ address }, 100)).rejects.toThrow();
  expect(await fill({ address }, 100, own.key)).toMatch(/^\d+ traces are stored/m);
});
