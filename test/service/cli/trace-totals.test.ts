import { expect, test } from "vitest";
import { call, type Running, startRunning } from "../trace-writer/running.ts";
import { record, T0 } from "../trace-writer/sample-traces.ts";
import { run } from "./run-cli.ts";

const HOUR_NS = 3_600_000_000_000;
const at = (hours: number) => new Date(Number(T0 / 1_000_000n) + hours * 3_600_000).toISOString();

/** Three calls: one of `curl` in the first hour, two of nobody known in the second, one of those with a second attempt. */
async function writeSome({ writer }: Running): Promise<void> {
  const records = [
    record({ n: 1, metadata: { "mlflow.gateway.caller": "curl" } }),
    record({ n: 2, start: HOUR_NS, experiment: "other" }),
    record({ n: 3, start: HOUR_NS, attempts: 2 }),
  ];
  await call((done) => writer.writeInvocations({ records }, done));
}

test("calls are added up by what is asked for, within a time, as a table", async () => {
  await using running = await startRunning();
  await writeSome(running);
  const totals = async (...args: readonly string[]) =>
    (await run(["trace", "totals", "--target", running.address, "--from", at(0), "--to", at(2), ...args])).out
      .split("\n")
      .map((line) => line.trim().split(/ {2,}/));
  expect((await totals("--by", "caller")).map((cells) => cells.slice(0, 5))).toEqual([
    ["caller", "requests", "errors", "tokens", "cost"],
    ["(none)", "2", "0", "30 → 15", "$0.000009"],
    ["curl", "1", "0", "10 → 5", "$0.000003"],
    [""],
  ]);
  expect((await totals("--bucket", "1h")).map((cells) => cells.slice(0, 3))).toEqual([
    ["from", "requests", "errors"],
    [at(0).replace(/:\d\d\.\d{3}Z$/, "Z"), "1", "0"],
    [at(1).replace(/:\d\d\.\d{3}Z$/, "Z"), "2", "0"],
    [""],
  ]);
  expect((await totals("--by", "model"))[1]).toEqual(expect.arrayContaining(["echo-1", "4"]));
  expect((await totals("--experiment", "other"))[1]?.[0]).toBe("1");
  expect(await totals("--usage")).toEqual([["nothing"], [""]]);
});

test("programs get the totals as JSON", async () => {
  await using running = await startRunning();
  await writeSome(running);
  const args = ["--from", at(0), "--to", at(2), "--by", "experiment", "--groups", "1", "--json"];
  const { out } = await run(["trace", "totals", "--target", running.address, ...args]);
  expect(JSON.parse(out)).toMatchObject([
    { group: "gateway/demo", requests: "2" },
    { group: "", other: true, requests: "1" },
  ]);
});

test("what is no time, no duration and no order of times is told, with what one looks like", async () => {
  const failed = async (...args: readonly string[]) => (await run(["trace", "totals", ...args])).err;
  expect(await failed("--since", "3x")).toContain("90m, 24h, 30d");
  expect(await failed("--from", "yesterday")).toContain("2026-11-24");
  expect(await failed("--from", "2026-11-24", "--to", "2026-11-23")).toContain("--from must be before --to");
  expect(await failed("--from", "2026-11-24", "--since", "1h")).toContain("cannot be used with");
  expect(await failed("--by", "user")).toContain("endpoint, model, provider, experiment, caller");
});
