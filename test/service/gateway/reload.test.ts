import { rename, writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Config } from "#lib/config/schema.ts";
import { channelCredentials } from "#lib/rpc/client.ts";
import type { Endpoint } from "#proto/twinspan/gateway/v1/endpoint.ts";
import { EndpointServiceClient } from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { freePorts } from "../../../tools/free-ports.ts";
import { until } from "../../../tools/until.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { recordOfCall } from "../../traces/record-view.ts";

let run: GatewayRun;
beforeEach(async () => {
  run = await startGatewayRun({ endpoints: { demo: {}, other: { provider: { headers: { "x-marker": "old" } } } } });
});
afterEach(() => run[Symbol.asyncDispose]());

/** Writes another configuration in the place of the one that is there, as editors do. */
async function write(config: object | string): Promise<void> {
  const beside = `${run.configFile}.new`;
  await writeFile(beside, typeof config === "string" ? config : JSON.stringify(config));
  await rename(beside, run.configFile);
}

/** The configuration with other settings for some provider. */
function withProvider(name: string, settings: object): Config {
  const { [name]: provider } = run.config.providers;
  if (provider === undefined) throw new Error(`no provider ${name}`);
  return { ...run.config, providers: { ...run.config.providers, [name]: { ...provider, ...settings } } };
}

async function listed(): Promise<readonly Endpoint[]> {
  const client = new EndpointServiceClient(run.gateway.address, channelCredentials());
  try {
    return await new Promise((resolve, reject) => {
      client.listEndpoints({ details: false }, (error, response) =>
        error ? reject(error) : resolve(response.endpoints),
      );
    });
  } finally {
    client.close();
  }
}

async function readiness(): Promise<unknown> {
  return (await fetch(`http://${run.gateway.opsAddress}/readyz`)).json();
}

function lastLine(): unknown {
  return JSON.parse(run.logged.at(-1) ?? "{}");
}

test("endpoints are added, removed and changed without a restart, and the log says which", async () => {
  const [demo] = run.config.endpoints;
  const next = withProvider("other", { headers: { "x-marker": "new" } });
  await write({ ...next, endpoints: [{ ...demo, name: "newcomer" }, next.endpoints[1]] });
  run.gateway.reload();
  expect(lastLine()).toMatchObject({
    msg: "configuration reloaded",
    added: ["newcomer"],
    removed: ["demo"],
    changed: ["other"],
    redactionChanged: false,
    needsRestart: [],
  });
  expect((await listed()).map(({ name }) => name)).toEqual(["newcomer", "other"]);
  expect((await run.client.invoke({ model: "newcomer" })).head?.status).toBe(200);
  expect((await run.client.invoke({ model: "demo" })).error?.details).toContain('no endpoint "demo"');
  expect((await run.client.invoke({ model: "other" })).head?.status).toBe(200);
  expect(run.provider.requests.at(-1)?.headers["x-marker"]).toBe("new");
});

test("an endpoint is known since it first came, whatever its settings become", async () => {
  const before = await listed();
  await write(withProvider("other", { propagate: true }));
  run.gateway.reload();
  expect((await listed()).map(({ createTimeSeconds }) => createTimeSeconds)).toEqual(
    before.map(({ createTimeSeconds }) => createTimeSeconds),
  );
});

test("a configuration with faults changes nothing: all its faults are logged, and readiness says so until it is mended", async () => {
  const [demo] = run.config.endpoints;
  await write({
    ...run.config,
    endpoints: [
      { ...demo, name: "a b" },
      { ...demo, models: [] },
    ],
    providers: {},
  });
  run.gateway.reload();
  expect(lastLine()).toMatchObject({
    level: 40,
    msg: "configuration not reloaded: the one before stays in use",
    faults: [
      expect.stringMatching(/twinspan\.yaml:1:\d+ {2}endpoints\[0\]\.name: must be/),
      expect.stringContaining("endpoints[1].models: must name at least one model"),
      expect.stringContaining('no provider "scripted"'),
    ],
  });
  const reason = expect.stringContaining("the configuration has faults and is not in use");
  expect(await readiness()).toEqual({ status: "ready", degraded: [reason] });
  expect((await run.client.invoke({ model: "demo" })).head?.status).toBe(200);
  expect((await run.metrics()).get('twinspan_config_reloads_total{outcome="failed"}')).toBe(1);

  await write(run.config);
  run.gateway.reload();
  expect(await readiness()).toEqual({ status: "ready", degraded: [] });
  const metrics = await run.metrics();
  expect(metrics.get('twinspan_config_reloads_total{outcome="ok"}')).toBe(1);
  expect(metrics.get("twinspan_config_loaded_timestamp_seconds")).toBeGreaterThan(Date.now() / 1000 - 60);
});

test("a file that is gone changes nothing either", async () => {
  await rename(run.configFile, `${run.configFile}.away`);
  run.gateway.reload();
  expect(lastLine()).toMatchObject({ faults: [expect.stringContaining("cannot be read (ENOENT)")] });
  expect((await run.client.invoke({ model: "demo" })).head?.status).toBe(200);
});

test("settings that only a restart takes are named", async () => {
  const { gateway, log } = run.config;
  await write({
    ...run.config,
    log: { ...log, level: "error" },
    gateway: { ...gateway, limits: { ...gateway.limits, requestBytesMax: 2048 }, listen: "127.0.0.1:7777" },
  });
  run.gateway.reload();
  expect(lastLine()).toMatchObject({
    needsRestart: ["log.level", "gateway.listen", "gateway.limits.requestBytesMax"],
    changed: [],
  });
});

test("what is blacked out changes too", async () => {
  const text = "write to somebody@example.com";
  const before = await recordOfCall(run, await run.client.invoke({ model: "demo", text }));
  expect(before.root.inputs).toContain(text);
  await write({ ...run.config, redaction: { ...run.config.redaction, rules: [{ pattern: "email" }] } });
  run.gateway.reload();
  expect(lastLine()).toMatchObject({ redactionChanged: true, changed: [], needsRestart: [] });
  const after = await recordOfCall(run, await run.client.invoke({ model: "demo", text }));
  expect(after.root.inputs).toContain("write to ");
  expect(after.root.inputs).not.toContain("somebody@example.com");
});

/** A provider that answers when it is told to, and counts who is connected. */
async function startPatientProvider() {
  const waiting: ServerResponse[] = [];
  const server = createServer((_request, response) => void waiting.push(response));
  // It is never the one that closes a connection.
  server.keepAliveTimeout = 60_000;
  const [port = 0] = await freePorts(1);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    waiting,
    connections: () =>
      new Promise<number>((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("a call under way ends with the provider it began with, which is closed once its last call is over", async () => {
  await using patient = await startPatientProvider();
  await write(withProvider("scripted", { baseUrl: patient.baseUrl, apiKey: "first" }));
  run.gateway.reload();
  const first = run.client.invoke({ model: "demo" });
  const second = run.client.invoke({ model: "demo" });
  await until("the provider has both calls", () => patient.waiting.length === 2);

  await write(run.config);
  run.gateway.reload();
  await write(withProvider("scripted", { apiKey: "third" }));
  run.gateway.reload();
  expect((await run.client.invoke({ model: "demo" })).head?.status).toBe(200);
  expect(run.provider.requests.at(-1)?.headers.authorization).toBe("Bearer third");

  const completion = JSON.stringify({ id: "c", object: "chat.completion", model: "m", choices: [], created: 1 });
  const answer = (at: number) => patient.waiting[at]?.setHeader("content-type", "application/json").end(completion);
  answer(0);
  expect((await first).head?.status).toBe(200);
  expect(await patient.connections()).toBe(2);
  answer(1);
  expect((await second).head?.status).toBe(200);
  await until("its connections are closed", async () => (await patient.connections()) === 0);
});

test("a provider whose settings stay the same keeps its connections", async () => {
  await using patient = await startPatientProvider();
  await write(withProvider("scripted", { baseUrl: patient.baseUrl }));
  run.gateway.reload();
  const first = run.client.invoke({ model: "demo" });
  await until("the provider has the call", () => patient.waiting.length === 1);
  patient.waiting[0]?.writeHead(422).end("{}");
  expect((await first).head?.status).toBe(422);
  expect(await patient.connections()).toBe(1);

  const next = withProvider("scripted", { baseUrl: patient.baseUrl });
  await write({ ...next, endpoints: next.endpoints.slice(0, 1) });
  run.gateway.reload();
  expect(lastLine()).toMatchObject({ removed: ["other"], changed: [] });
  expect(await patient.connections()).toBe(1);
});

test("a change of the file, or of a file with a key, is taken when it is seen", async () => {
  const keyFile = join(dirname(run.configFile), "key");
  await using watched = await startGatewayRun({
    endpoints: { demo: { provider: { apiKeyFile: keyFile } } },
    gateway: { reloadOnChange: true },
  });
  const told = await watched.client.invoke({ model: "demo" });
  expect(told.error?.details).toMatch(/needs a key in .*cannot be read \(ENOENT\).*a file or a setting at any time/);
  await writeFile(keyFile, "first-key\n");
  await until("the key is taken", async () => (await watched.client.invoke({ model: "demo" })).head?.status === 200);
  expect(watched.provider.requests.at(-1)?.headers.authorization).toBe("Bearer first-key");

  await writeFile(watched.configFile, JSON.stringify({ ...watched.config, endpoints: [] }));
  await until("the endpoint is gone", async () => (await watched.client.invoke({ model: "demo" })).error !== undefined);
});
