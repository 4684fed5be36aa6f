import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { parseConfig } from "#lib/config/load.ts";
import { createLogger } from "#lib/logger.ts";
import { startTraceWriter } from "../../../services/trace-writer/server.ts";
import { call, connect } from "../trace-writer/running.ts";
import { idsOf, record, spanId, traceId } from "../trace-writer/sample-traces.ts";
import { run } from "./run-cli.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const base64Of = (hex: string) => Buffer.from(hex, "hex").toString("base64");

/** A real trace-writer on a free port. */
async function start() {
  await using owned = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "twinspan-cli-"));
  owned.defer(() => rm(directory, { recursive: true }));
  const yaml = `traceWriter: { listen: "127.0.0.1:0", ops: "127.0.0.1:0", store: { sqlite: { path: ${directory}/traces.db } } }`;
  const config = parseConfig(yaml, "test.yaml", {});
  const writer = owned.use(await startTraceWriter(config, { log: createLogger("trace-writer", "silent") }));
  const kept = owned.move();
  return { target: writer.address, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Two spans of an agent, as OTLP in the JSON that `rpc` takes. */
function exportOf(traceId: string): string {
  const span = (id: string, parent: string, name: string) => ({
    trace_id: base64Of(traceId),
    span_id: base64Of(id),
    parent_span_id: base64Of(parent),
    name,
    attributes: [{ key: "seven", value: { int_value: "7" } }],
    start_time_unix_nano: "1700000000000000000",
    end_time_unix_nano: "1700000000212000000",
  });
  const spans = [span("00f067aa0ba902b7", "", "answer"), span("00f067aa0ba902b8", "00f067aa0ba902b7", "think")];
  return JSON.stringify({ resource_spans: [{ scope_spans: [{ spans }] }] });
}

const EXPORT = "opentelemetry.proto.collector.trace.v1.TraceService/Export";

test("a trace that was exported by `rpc` is shown as a tree, listed, and printed as JSON", async () => {
  await using service = await start();
  const at = ["--target", service.target];
  const exported = await run(["rpc", EXPORT, exportOf(TRACE), ...at, "--metadata", "x-twinspan-experiment=mine"]);
  expect(exported).toMatchObject({ status: 0, err: "" });

  const shown = await run(["trace", "show", `tr-${TRACE}`, ...at]);
  expect(shown.out).toMatch(new RegExp(`^tr-${TRACE} {2}answer {5}212 ms\n {2}└─ think +212 ms\n$`));
  const listed = await run(["trace", "list", "--experiment", "mine", ...at]);
  expect(listed.out).toMatch(new RegExp(`^tr-${TRACE} {2}ok .* 212 ms .*mine {2}answer\n$`));
  expect((await run(["trace", "list", ...at])).out).toBe(listed.out);
  const filtered = (filter: string) => run(["trace", "list", "--filter", filter, "--order-by", "duration", ...at]);
  expect((await filtered("duration = 212 AND span.attributes.seven = 7")).out).toBe(listed.out);
  expect((await filtered("status = 'ERROR'")).out).toBe("no traces\n");
  expect((await filtered("status = ERROR")).err).toContain("filter, column 10: expected a value");
  expect((await run(["trace", "list", "--pending", ...at])).out).toBe("no traces\n");
  const json = await run(["trace", "show", TRACE.toUpperCase(), "--json", ...at]);
  expect(JSON.parse(json.out)).toMatchObject({
    info: { traceId: `tr-${TRACE}`, state: "TRACE_STATE_OK", durationNanos: "212000000" },
    resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: TRACE, attributes: [{ value: { intValue: "7" } }] }, {}] }] }],
  });
});

test("what is pending is told of beside the list, and shown as pending, or as unclaimed when it has been for long", async () => {
  await using service = await start();
  using clients = connect(service.target);
  const at = ["--target", service.target];
  expect((await run(["trace", "list", ...at])).err).toBe("");
  const records = [record({ n: 1, caller: { trace: TRACE, span: "00f067aa0ba902b7" } })];
  await call((done) => clients.writer.writeInvocations({ records }, done));

  expect((await run(["trace", "list", ...at])).err).toContain("and 1 pending, in no experiment until");
  expect((await run(["trace", "list", "--pending", ...at])).out).toContain(TRACE);
  expect((await run(["trace", "list", "--unclaimed", ...at])).out).toMatch(
    new RegExp(`^tr-${TRACE} .*\\(unclaimed\\)`),
  );
  expect((await run(["trace", "list", "--unclaimed", "--pending", ...at])).err).toContain("cannot be used with");
  expect((await run(["trace", "show", TRACE, ...at])).out).toContain("pending, in no experiment yet");

  const full = `tr-${idsOf(1).full}`;
  expect((await run(["trace", "twins", TRACE, ...at])).out).toContain(`${full}  ok`);
  expect((await run(["trace", "twins", full, ...at])).out).toMatch(new RegExp(`^tr-${TRACE} .*\\(unclaimed\\)`));
  expect((await run(["trace", "twins", `tr-${"1".repeat(32)}`, ...at])).err).toContain("There is no trace");
});

test("a tail prints traces as they come, until Ctrl-C", async () => {
  await using service = await start();
  using clients = connect(service.target);
  const stop = new AbortController();
  const first = Promise.withResolvers<string>();
  const args = ["trace", "tail", "--pending", "--filter", "endpoint = 'demo'", "--target", service.target];
  const tailing = run(args, {}, { stop: stop.signal, onOut: first.resolve });
  let isThere = false;
  for (let n = 1; !isThere; n += 1) {
    const records = [record({ n, caller: { trace: traceId(n), span: spanId(1) } })];
    await call((done) => clients.writer.writeInvocations({ records }, done));
    isThere = await Promise.race([first.promise.then(() => true), setTimeout(20, false)]);
  }
  expect(await first.promise).toMatch(/^tr-[0-9a-f]{32} {2}in progress .*\((pending|unclaimed)\) {2}gateway\/demo\n/);
  stop.abort();
  expect(await tailing).toMatchObject({ status: 0, err: "" });
});

test("an answer is JSON, one a line, and camelCase is taken for the contract's names", async () => {
  await using service = await start();
  const at = ["--target", service.target];
  const call = "twinspan.trace.v1.ExperimentService/ListExperiments";
  const { out } = await run(["rpc", call, '{"pageSize":5}', ...at]);
  expect(out.split("\n")).toHaveLength(2);
  expect(() => JSON.parse(out)).not.toThrow();
});

test("failures are one line that says what, where and what to do", async () => {
  await using service = await start();
  const at = ["--target", service.target];
  const reader = "twinspan.trace.v1.TraceReaderService";
  const errorOf = async (args: readonly string[]) => {
    const { status, err } = await run([...args, ...at]);
    expect(status).toBe(1);
    return err;
  };
  expect(await errorOf(["trace", "show", `tr-${TRACE}`])).toContain(`There is no trace tr-${TRACE}`);
  expect(await errorOf(["trace", "show", "tr-1"])).toContain('"tr-1" is no trace\'s id');
  expect(await errorOf(["trace", "list", "--limit", "0"])).toContain("from 1 to 10000");
  expect(await errorOf(["trace", "list", "--experiment", "x"])).toContain('no experiment "x" (there are: Default).');
  expect(await errorOf(["rpc", `${reader}/GetTrace`, "{"])).toContain("The request is not JSON");
  expect(await errorOf(["rpc", `${reader}/GetTrace`, '{"id":"x"}'])).toContain(
    'has no field "id" (it has: trace_id, view)',
  );
  expect(await errorOf(["rpc", `${reader}/Nope`])).toContain('has no method "Nope" (it has: GetTrace');
  expect(await errorOf(["rpc", "no.such.Service/Nope"])).toContain(`(it has: twinspan.trace.v1.TraceWriterService`);
  expect(await errorOf(["rpc", `${reader}/GetTrace`, '{"trace_id":"x"}'])).toContain("invalid_request: ");
  expect(await errorOf(["rpc", reader])).toContain("TraceReaderService wants a method: <service>/<method>");
});

test("a service that does not run is told as that", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const target = `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  await new Promise((resolve) => server.close(resolve));
  const { status, err } = await run(["trace", "list", "--target", target]);
  expect(status).toBe(1);
  expect(err).toBe(
    `twinspan: the trace-writer does not answer at ${target}. Start it ('make up' starts all), or name another with --target.\n`,
  );
});

test("who only asks needs no other section of the configuration to be right, and no secret that it refers to", async () => {
  await using service = await start();
  const directory = await mkdtemp(join(tmpdir(), "twinspan-cli-"));
  const file = join(directory, "twinspan.yaml");
  const yaml = (traceWriter: string) =>
    [
      `ingress: { traceWriter: "${traceWriter}", listen: "0.0.0.0:8080" }`,
      'gateway: { traceWriterKey: "${SECRET_OF_THE_GATEWAY}", ops: nowhere }',
      "endpoints: [{ name: a }]",
    ].join("\n");
  await writeFile(file, yaml(service.target));
  expect(await run(["trace", "list", "--config", file])).toEqual({ status: 0, out: "no traces\n", err: "" });
  await writeFile(file, yaml("${TRACE_WRITER}"));
  const { err } = await run(["trace", "list", "--config", file]);
  expect(err).toMatch(/^\S+:1:25 {2}the environment variable TRACE_WRITER is not set\.[^\n]*\n$/);
  await rm(directory, { recursive: true });
});
