import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { startScriptedProvider } from "../../../examples/scripted-provider/scripted-provider.ts";
import { freePorts } from "../../../tools/free-ports.ts";
import { until } from "../../../tools/until.ts";
import { createGatewayClient } from "../../callers/gateway-client.ts";
import { outboxRest } from "../../system/outbox-rest.ts";
import { ServiceProcess } from "../../system/service-process.ts";
import { startStoredTraces } from "../../traces/stored-traces.ts";
import { startRunning } from "../trace-writer/running.ts";
import { run } from "./run-cli.ts";

const CALLS = 8;
const STALLED = "stalled-1";

/** A gateway whose trace-writer is away, and a provider of which one model begins its answer and never ends it. */
async function startGatewayAlone(stack: AsyncDisposableStack) {
  const directory = mkdtempSync(join(tmpdir(), "twinspan-outbox-"));
  const behaviours = { [STALLED]: { stallAfterChunks: 1 } };
  const provider = stack.use(await startScriptedProvider({ listen: "127.0.0.1:0", behaviours }));
  const [rpc, ops, nobody] = (await freePorts(3)).map((port) => `127.0.0.1:${port}`);
  const [file, config] = [join(directory, "outbox.db"), join(directory, "twinspan.yaml")];
  const settings = {
    gateway: { listen: rpc, ops, traceWriter: nobody, outbox: { path: file, retryMaxMs: 100, lingerMs: 0 } },
    providers: { scripted: { baseUrl: provider.url, allowAddresses: ["127.0.0.0/8"] } },
    endpoints: ["echo-1", STALLED].map((model) => ({ name: model, models: [{ provider: "scripted", model }] })),
  };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify(settings));
  const gateway = stack.use(new ServiceProcess("gateway", `http://${ops}`, { TWINSPAN_CONFIG: config }));
  await gateway.start();
  const client = stack.use(createGatewayClient(rpc ?? ""));
  return { directory, file, config, gateway, client };
}

test("what a killed gateway has left is shown, and delivered once: its calls in flight as interrupted", async () => {
  await using stack = new AsyncDisposableStack();
  const { directory, file, config, gateway, client } = await startGatewayAlone(stack);
  const called = await Promise.all(Array.from({ length: CALLS }, () => client.invoke({ model: "echo-1" })));
  let isFlying = false;
  const flying = client.stream({
    model: STALLED,
    stream: true,
    onChunk: () => {
      isFlying = true;
    },
  });
  await until("a call is in flight", () => isFlying);

  const inUse = `twinspan: The outbox ${file} is in use: by a gateway, which delivers it by itself, or by another drain.\n`;
  for (const command of ["show", "drain"]) {
    expect(await run(["--config", config, "outbox", command, file])).toEqual({ status: 1, out: "", err: inUse });
  }
  await gateway.kill();
  await flying;

  for (let time = 1; time <= 2; time += 1) {
    const shown = await run(["outbox", "show", file]);
    expect(shown).toMatchObject({ status: 0, err: "" });
    expect(shown.out).toMatch(
      /records {4}8 wait for the trace-writer\nbytes {6}[\d.]+ KB\noldest {5}\d+ s ago, 20.*Z\nin flight {2}1 calls, which/,
    );
  }
  // The configuration's trace-writer is away: it is given up, and gone on with.
  const impatient = await run(["--config", config, "outbox", "drain", file, "--patience", "0.2"]);
  expect(impatient).toMatchObject({ status: 1, out: "" });
  expect(impatient.err).toMatch(
    /^twinspan: stopped: delivered 0 records, 9 wait \(the trace-writer takes nothing: .*\)\. The same command goes on from here\.\n$/,
  );
  const running = stack.use(await startRunning());
  const stored = stack.use(startStoredTraces(running.address));
  const drain = ["outbox", "drain", file, "--target", running.address];
  const drained = await run(drain, {}, { errIsTerminal: true });
  expect(drained).toMatchObject({
    status: 0,
    out: "delivered 9 records. The file is empty, and may be deleted.\n",
    err: expect.stringMatching(/[█░]+ +\d+ % \d of 9 records/),
  });
  expect((await run(drain)).out).toBe("delivered 0 records. The file is empty, and may be deleted.\n");
  expect(await outboxRest({ outboxPath: file })).toEqual({ notes: 0, records: 0 });

  const full = await stored.inExperiment("gateway/echo-1");
  expect(full.map(({ traceId }) => traceId).toSorted()).toEqual(
    called.map(({ summary }) => summary?.traceId).toSorted(),
  );
  const interrupted = await stored.inExperiment(`gateway/${STALLED}`);
  expect(interrupted).toHaveLength(1);

  const other = join(directory, "other.db");
  for (const [path, told] of [
    [join(directory, "none.db"), `There is no outbox ${join(directory, "none.db")}.`],
    [config, `${config} is no outbox of a gateway: file is not a database.`],
    [other, `${other} is no outbox of a gateway: it has other tables.`],
  ] as const) {
    if (path === other) new DatabaseSync(other).exec("CREATE TABLE trace (id INTEGER)");
    expect((await run(["outbox", "drain", path, "--target", running.address])).err).toBe(`twinspan: ${told}\n`);
  }
  expect((await run(["outbox", "drain", file, "--patience", "soon"])).err).toContain("must be a number of seconds");
}, 60_000);
