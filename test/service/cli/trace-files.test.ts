import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { GetTraceResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { call, metadataOf, newDirectory, type Running, startRunning } from "../trace-writer/running.ts";
import { CANARY, idsOf, record, resourceSpans, span, spanId, traceId } from "../trace-writer/sample-traces.ts";
import { run } from "./run-cli.ts";

const AGENTS = 30;

/** Agents' traces, each with a mirror of a call. */
async function writeSome({ otlp, writer }: Running): Promise<void> {
  const records = Array.from({ length: AGENTS }, (_, index) =>
    record({ n: index + 1, start: index + 1, caller: { trace: traceId(index + 1), span: spanId(1) } }),
  );
  await call((done) => writer.writeInvocations({ records }, done));
  const spans = records.map((_, index) =>
    span({ trace: traceId(index + 1), span: spanId(1), start: index, end: index + 200, name: `agent ${index + 1} ✓` }),
  );
  const metadata = metadataOf({ "x-twinspan-experiment": "agents" });
  await call((done) => otlp.export({ resourceSpans: [resourceSpans(spans)] }, metadata, done));
}

const infoOf = async ({ reader }: Running, trace: string) =>
  (await call<GetTraceResponse>((done) => reader.getTrace({ traceId: trace, view: 0 }, done))).trace?.info;

test("an experiment that is exported and imported elsewhere reads the same, but for what only the gateway may write", async () => {
  await using one = await startRunning();
  await using other = await startRunning();
  const directory = newDirectory();
  await writeSome(one);
  for (const experiment of ["agents", "gateway/demo"]) {
    const file = join(directory, `${experiment.replace("/", "-")}.jsonl`);
    const exported = await run(["trace", "export", "--experiment", experiment, "--out", file, "--target", one.address]);
    expect(exported).toEqual({ status: 0, out: "", err: `exported ${AGENTS} traces\n` });
    const imported = await run(["trace", "import", file, "--experiment", experiment, "--target", other.address]);
    expect(imported).toMatchObject({ status: 0, out: "" });
    expect(imported.err).toMatch(new RegExp(`^sent \\d+ spans of ${AGENTS} lines\n$`));
    const again = await run(["trace", "export", "--experiment", experiment, "--target", other.address]);
    expect(again.out).toBe(readFileSync(file, "utf8"));
    // Sending a file again changes nothing.
    await run(["trace", "import", file, "--experiment", experiment, "--target", other.address]);
    const once = await run(["trace", "export", "--experiment", experiment, "--target", other.address]);
    expect(once.out).toBe(again.out);
  }
  for (const trace of [traceId(7), idsOf(7).full]) {
    const {
      experimentId: _here,
      sealed,
      linkedTraceIds: _twins,
      metadata: _said,
      ...before
    } = (await infoOf(one, trace)) ?? {};
    expect(sealed).toBe(trace !== traceId(7));
    expect(await infoOf(other, trace)).toMatchObject({ ...before, sealed: false, linkedTraceIds: [] });
  }
});

test("lines are an OTLP file's: hex ids, integers as text, a trace each; basic ones hold no payload", async () => {
  await using running = await startRunning();
  await writeSome(running);
  const exported = await run(["trace", "export", "--experiment", "gateway/demo", "--target", running.address]);
  const [first = "", ...more] = exported.out.trimEnd().split("\n");
  expect(more).toHaveLength(AGENTS - 1);
  expect(JSON.parse(first)).toMatchObject({
    resourceSpans: [
      { scopeSpans: [{ spans: [{ traceId: idsOf(1).full, startTimeUnixNano: "1780000000000000001" }, { kind: 1 }] }] },
    ],
  });
  expect(first).toContain(CANARY);
  const basic = await run([
    "trace",
    "export",
    "--experiment",
    "gateway/demo",
    "--view",
    "basic",
    "--target",
    running.address,
  ]);
  expect(basic.out.trimEnd().split("\n")).toHaveLength(AGENTS);
  expect(basic.out).not.toContain(CANARY);
});

test("what a trace-writer does not take is told, and a line that is no OTLP is named", async () => {
  await using running = await startRunning();
  await writeSome(running);
  const target = ["--target", running.address];
  const { out } = await run(["trace", "export", "--experiment", "gateway/demo", ...target]);
  const back = await run(["trace", "import", "-", "--experiment", "anywhere", ...target], {}, { input: out });
  expect(back.status).toBe(1);
  expect(back.err).toContain(`sent ${2 * AGENTS} spans of ${AGENTS} lines; not taken: ${2 * AGENTS} spans: `);
  const broken = await run(
    ["trace", "import", "-", ...target],
    {},
    { input: `{"resourceSpans":[]}\n\n{"resourceSpans":7}` },
  );
  expect(broken).toMatchObject({ status: 1, out: "" });
  expect(broken.err).toContain("line 3 is no OTLP/JSON: ");
  const nowhere = await run(["trace", "import", "missing.jsonl", ...target]);
  expect(nowhere.err).toMatch(/^twinspan: There is no file .*missing.jsonl\.\n$/);
});

test("a file that is there is not overwritten, an experiment that is not there is told, and a bar is for terminals", async () => {
  await using running = await startRunning();
  await writeSome(running);
  const target = ["--target", running.address];
  const file = join(newDirectory(), "there.jsonl");
  writeFileSync(file, "mine");
  const refused = await run(["trace", "export", "--experiment", "agents", "--out", file, ...target]);
  expect(refused).toMatchObject({
    status: 1,
    err: `twinspan: ${file} is there already. Name another file, or remove it.\n`,
  });
  expect(readFileSync(file, "utf8")).toBe("mine");
  const unknown = await run(["trace", "export", "--experiment", "nobody's", ...target]);
  expect(unknown.err).toContain('There is no experiment "nobody\'s"');
  const shown = await run(["trace", "export", "--experiment", "agents", ...target], {}, { errIsTerminal: true });
  expect(shown.err).toMatch(/░+ +\d+ % 1 of 30 traces/);
});
