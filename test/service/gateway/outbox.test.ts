import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Config, configSchema } from "#lib/config/schema.ts";
import { newTraceId } from "#lib/ids.ts";
import { createLogger } from "#lib/logger.ts";
import { ServiceError } from "#lib/service-error.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { startScriptedProvider } from "../../../examples/scripted-provider/scripted-provider.ts";
import { Journal } from "../../../services/gateway/outbox/journal.ts";
import { startGateway } from "../../../services/gateway/server.ts";
import { freePorts } from "../../../tools/free-ports.ts";
import { until } from "../../../tools/until.ts";
import { CALLER, createGatewayClient } from "../../callers/gateway-client.ts";
import { startRecordingTraceWriter } from "../../neighbours/recording-trace-writer.ts";
import { outboxRest } from "../../system/outbox-rest.ts";
import { ServiceProcess } from "../../system/service-process.ts";
import { configOf, metricsOf, recordsOf, startGatewayRun } from "../../system/start-gateway.ts";
import { viewOf } from "../../traces/record-view.ts";

const log = createLogger("gateway", "silent");

/** A gateway as a process of its own, its provider and its trace-writer in this one. */
async function startChild() {
  await using started = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "twinspan-outbox-"));
  started.defer(() => rm(directory, { recursive: true, force: true }));
  const provider = started.use(await startScriptedProvider({ listen: "127.0.0.1:0" }));
  const traceWriter = started.use(await startRecordingTraceWriter());
  const [listen, ops] = await freePorts(2);
  const config = configSchema.parse({
    ...configOf(
      {
        endpoints: { demo: {}, stalls: {} },
        // Long enough for any disk: what is seen is then known to be committed.
        outbox: { commitWaitMs: 20_000 },
        gateway: { listen: `127.0.0.1:${listen}`, ops: `127.0.0.1:${ops}` },
      },
      join(directory, "outbox.db"),
      provider.url,
      traceWriter.address,
    ),
    endpoints: [endpointOf("demo", "echo-1"), endpointOf("stalls", "stall-after-3")],
  });
  const file = join(directory, "twinspan.yaml");
  await writeFile(file, JSON.stringify(config));
  const gateway = started.use(new ServiceProcess("gateway", `http://127.0.0.1:${ops}`, { TWINSPAN_CONFIG: file }));
  await gateway.start();
  const client = started.use(createGatewayClient(`127.0.0.1:${listen}`));
  const owned = started.move();
  return { gateway, client, provider, traceWriter, config, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function endpointOf(name: string, model: string) {
  return { name, models: [{ provider: "scripted", model }] };
}

test("what a caller has seen the end of survives SIGKILL; what was in flight is told as interrupted", async () => {
  await using run = await startChild();
  run.traceWriter.script = () => "stall";
  const whole = await run.client.stream({ model: "demo", stream: true, headers: [CALLER.header], text: "to the end" });
  expect(whole.body.endsWith("data: [DONE]\n\n")).toBe(true);
  const cut = run.client.stream({ model: "stalls", stream: true, headers: [CALLER.header] });
  await until("the provider is asked", () => run.provider.requests.at(-1)?.body.includes("stall-after-3"));
  await run.gateway.kill();
  expect((await cut).error).toBeDefined();

  run.traceWriter.script = () => "take";
  await using _again = await startGateway({ ...run.config, gateway: onFreePorts(run.config) }, { log });
  const views = (await recordsOf(run.traceWriter, 2)).map(viewOf);
  const told = views.find(({ root }) => root.name === "gateway/demo");
  expect(told?.root.errorType).toBeUndefined();
  expect(told?.root.outputs).toContain("to the end");
  const interrupted = views.find(({ root }) => root.name === "gateway/stalls");
  expect(interrupted?.root.errorType).toBe("interrupted");
  expect(interrupted?.mirrorErrorTypes).toEqual(["interrupted"]);
  expect(interrupted?.root.inputs).toBe("");
  const { startTimeUnixNano, endTimeUnixNano } = interrupted?.root.span ?? {
    startTimeUnixNano: 0n,
    endTimeUnixNano: 0n,
  };
  expect(endTimeUnixNano).toBeGreaterThanOrEqual(startTimeUnixNano);
  expect(endTimeUnixNano / 1_000_000n).toBeLessThanOrEqual(BigInt(Date.now()));
});

test("a gateway that dies again before it has shipped tells an interrupted call once, with the first death's time", async () => {
  await using run = await startChild();
  run.traceWriter.script = () => "stall";
  const cut = run.client.stream({ model: "stalls", stream: true, headers: [CALLER.header] });
  await until("the provider is asked", () => run.provider.requests.at(-1)?.body.includes("stall-after-3"));
  await run.gateway.kill();
  const diedMs = Date.now();
  expect((await cut).error).toBeDefined();
  for (let deaths = 0; deaths < 2; deaths += 1) {
    await run.gateway.start();
    await until("a batch has come", () => run.traceWriter.batches.length === deaths + 1);
    await run.gateway.kill();
  }

  run.traceWriter.script = () => "take";
  const again = await startGateway({ ...run.config, gateway: onFreePorts(run.config) }, { log });
  const [record] = await recordsOf(run.traceWriter, 1);
  const interrupted = record && viewOf(record);
  expect([interrupted?.root.errorType, interrupted?.mirrorErrorTypes]).toEqual(["interrupted", ["interrupted"]]);
  expect((interrupted?.root.span.endTimeUnixNano ?? 0n) / 1_000_000n).toBeLessThanOrEqual(BigInt(diedMs));
  await again[Symbol.asyncDispose]();
  expect(run.traceWriter.repeated).toBe(0);
  expect(await outboxRest({ outboxPath: run.config.gateway.outbox.path })).toEqual({ notes: 0, records: 0 });
});

function onFreePorts({ gateway }: Config): Config["gateway"] {
  return { ...gateway, listen: "127.0.0.1:0", ops: "127.0.0.1:0" };
}

test("a second gateway on the same outbox is told so in one line, and the first goes on", async () => {
  await using run = await startGatewayRun({ endpoints: { demo: {} } });
  const { path } = run.config.gateway.outbox;
  await expect(startGateway(run.config, { log })).rejects.toThrow(
    `The outbox ${path} is in use by another gateway process. Give each its own gateway.outbox.path.`,
  );
  await run.client.invoke({ model: "demo" });
  await run.records(1);
});

test.each([
  ["a directory", (path: string) => mkdir(path)],
  ["no database", (path: string) => writeFile(path, "text ".repeat(2_000))],
])("an outbox that is %s is told in one line, with its path", async (_what, make) => {
  const directory = await mkdtemp(join(tmpdir(), "twinspan-outbox-"));
  await using _removed = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
  const path = join(directory, "outbox.db");
  await make(path);
  const config = configOf({ endpoints: {} }, path, "http://127.0.0.1:1/v1", "127.0.0.1:1");
  await expect(startGateway(config, { log })).rejects.toThrow(`The outbox ${path} cannot be opened: `);
});

test("a note of another version is counted and let go, and keeps no gateway from starting", async () => {
  const directory = await mkdtemp(join(tmpdir(), "twinspan-outbox-"));
  await using _removed = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
  const config = configOf({ endpoints: {} }, join(directory, "outbox.db"), "http://127.0.0.1:1/v1", "127.0.0.1:1");
  {
    await using journal = new Journal(config.gateway.outbox.path, "process", { segments: [], foreign: [] });
    const notes = ["no JSON", "{}", '{"traceId":7}'].map((note) => {
      return { kind: "begin", traceId: newTraceId(), note: Buffer.from(note) } as const;
    });
    await journal.append({ timeMs: Date.now(), goneUpTo: 0, firstSeq: 1 }, notes);
  }
  await using again = await startGateway(config, { log });
  await until("what cannot be read is counted", async () => {
    return (await metricsOf(again)).get('twinspan_outbox_shed_total{what="note",reason="unreadable"}') === 3;
  });
});

test("a gateway that stops while the trace-writer stalls ends in time, and the next one ships what waits", async () => {
  await using run = await startGatewayRun({ endpoints: { demo: {} }, outbox: { drainMs: 150 } });
  run.traceWriter.script = () => "stall";
  await Promise.all(Array.from({ length: 5 }, () => run.client.invoke({ model: "demo" })));
  const startMs = performance.now();
  await run.gateway[Symbol.asyncDispose]();
  expect(performance.now() - startMs).toBeLessThan(2_500);
  expect(run.traceWriter.records).toEqual([]);

  run.traceWriter.script = () => "take";
  await using _next = await startGateway(run.config, { log });
  await run.records(5);
});

test("a gateway that stops ships what waits first, also in the middle of a long back-off", async () => {
  await using run = await startGatewayRun({
    endpoints: { demo: {} },
    outbox: { drainMs: 5_000, retryMinMs: 60_000, retryMaxMs: 60_000 },
  });
  let refused = 0;
  run.traceWriter.script = () => {
    refused += 1;
    return "take-and-fail";
  };
  await run.client.invoke({ model: "demo" });
  await until("it was refused", () => refused === 1);
  run.traceWriter.script = () => "take";
  await run.gateway[Symbol.asyncDispose]();
  expect(run.traceWriter.repeated).toBe(1);
});

const isRoot = process.getuid?.() === 0;

test.runIf(isRoot)(
  "when the disk is full calls go on, all is counted, and it recovers when there is room",
  async () => {
    const disk = await mkdtemp(join(tmpdir(), "twinspan-disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", disk]);
    try {
      await using run = await startGatewayRun({ endpoints: { demo: {} }, outbox: { path: join(disk, "outbox.db") } });
      const { traceWriter } = run;
      traceWriter.script = () => new ServiceError("unavailable", "not now");
      let made = 0;
      const call = async (text: string) => {
        const told = await run.client.invoke({ model: "demo", text });
        expect(told.summary?.errorType).toBe(ErrorType.ERROR_TYPE_UNSPECIFIED);
        made += 1;
      };
      for (let i = 0; i < 24; i += 1) await call("x".repeat(900_000));
      // What is late is on the disk too, before somebody else takes the rest and gives it back.
      await until("every record is on the disk, or counted", async () => {
        const metrics = await run.metrics();
        const dropped = metrics.get('twinspan_outbox_shed_total{what="record",reason="disk"}') ?? 0;
        return (metrics.get("twinspan_outbox_records") ?? 0) + dropped === made;
      });
      const { bavail, bsize } = await statfs(disk);
      await writeFile(join(disk, "ballast"), Buffer.alloc(bavail * bsize));
      for (let i = 0; i < 20; i += 1) await call("short");
      const degraded = await until("the disk's fault is told, and counted", async () => {
        const metrics = await run.metrics();
        const payloads = metrics.get('twinspan_outbox_shed_total{what="payload",reason="disk"}') ?? 0;
        const records = metrics.get('twinspan_outbox_shed_total{what="record",reason="disk"}') ?? 0;
        return metrics.get("twinspan_outbox_degraded") === 1 && payloads > 0 && records >= 20 && metrics;
      });
      expect(degraded.get("twinspan_outbox_records")).toBeGreaterThan(0);

      await rm(join(disk, "ballast"));
      traceWriter.script = () => "take";
      await until("every record has come, or is counted", async () => {
        const metrics = await metricsOf(run.gateway);
        const dropped = metrics.get('twinspan_outbox_shed_total{what="record",reason="disk"}') ?? 0;
        return traceWriter.records.length + dropped === made && metrics.get("twinspan_outbox_records") === 0;
      });
      await until("it works again", async () => (await run.metrics()).get("twinspan_outbox_degraded") === 0);
      const before = traceWriter.records.length;
      await call("word ".repeat(1_000));
      const records = await run.records(before + 1);
      expect(records.at(-1)?.payloadShed).toBe(false);

      // A disk that is full keeps no gateway from starting.
      await run.gateway[Symbol.asyncDispose]();
      const left = await statfs(disk);
      await writeFile(join(disk, "ballast"), Buffer.alloc(left.bavail * left.bsize));
      await using _again = await startGateway(run.config, { log });
    } finally {
      execFileSync("umount", ["-l", disk]);
      await rm(disk, { recursive: true, force: true });
    }
  },
);
