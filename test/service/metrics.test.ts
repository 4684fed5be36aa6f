import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Gauge, type Metric, Registry } from "prom-client";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { type Config, configSchema } from "#lib/config/schema.ts";
import { createLogger } from "#lib/logger.ts";
import { countWorkers } from "#lib/workers/worker-metrics.ts";
import { type ScriptedProvider, startScriptedProvider } from "../../examples/scripted-provider/scripted-provider.ts";
import { startGateway } from "../../services/gateway/server.ts";
import { startIngress } from "../../services/ingress/server.ts";
import { createPostgresMetrics } from "../../services/trace-writer/metrics/postgres-metrics.ts";
import { startTraceWriter } from "../../services/trace-writer/server.ts";
import { until } from "../../tools/until.ts";
import { chat } from "../callers/chat.ts";

/** Node's own figures have names that twinspan does not choose. */
const OURS = /^(twinspan|gen_ai)_/;
/** Names of one series, as `/metrics` writes them. */
const SERIES = /^((?:twinspan|gen_ai)_[a-z_]+(?:\{[^}\n]*\})?) /gm;
const SERVICES = ["trace-writer", "gateway", "ingress"] as const;
const CALLS_OF_STRANGERS = 20;

const owned = new AsyncDisposableStack();
const opsUrls: string[] = [];
/** What was registered, by service. */
const registered: (readonly [service: string, metric: Metric])[] = [];
let url: string;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "twinspan-metrics-"));
  owned.defer(() => rm(directory, { recursive: true }));
  const provider = owned.use(await startScriptedProvider({ listen: "127.0.0.1:0" }));
  const log = createLogger("test", "silent");
  const places: { gateway?: string; traceWriter?: string } = {};
  const spy = vi.spyOn(Registry.prototype, "registerMetric");
  const note = (service: string) => {
    countWorkers(new Registry(), () => 0);
    for (const [metric] of spy.mock.calls) registered.push([service, metric]);
    spy.mockClear();
  };
  const configOf = () => configurationOf(directory, provider, places);

  const writer = owned.use(await startTraceWriter(configOf(), { log }));
  createPostgresMetrics(new Registry()).watchConnections(async () => ({ open: 0, used: 0, waiting: 0 }));
  note("trace-writer");
  places.traceWriter = writer.address;
  const gateway = owned.use(await startGateway(configOf(), { log }));
  note("gateway");
  places.gateway = gateway.address;
  const ingress = owned.use(await startIngress(configOf(), { log }));
  note("ingress");
  spy.mockRestore();
  url = ingress.url;
  opsUrls.push(`http://${writer.opsAddress}`, `http://${gateway.opsAddress}`, url);
});
afterAll(() => owned.disposeAsync());

function configurationOf(directory: string, provider: ScriptedProvider, places: object): Config {
  const { gateway: target, traceWriter } = z
    .object({ gateway: z.string().optional(), traceWriter: z.string().optional() })
    .parse(places);
  const listen = "127.0.0.1:0";
  return configSchema.parse({
    // So that the figures of own traces are there; none is sampled.
    telemetry: { traces: { endpoint: "http://127.0.0.1:9/v1/traces", sampleRatio: 0 } },
    ingress: { listen, gateway: { target, transport: "exchange" }, traceWriter },
    gateway: { listen, ops: listen, traceWriter, outbox: { path: join(directory, "outbox.db"), lingerMs: 1 } },
    traceWriter: { listen, ops: listen, store: { sqlite: { path: join(directory, "traces.db") } } },
    providers: { scripted: { baseUrl: provider.url, allowAddresses: ["127.0.0.0/8"] } },
    endpoints: [{ name: "known", models: [{ provider: "scripted", model: "echo-1" }] }],
  });
}

const described = z.object({
  name: z.string(),
  help: z.string(),
  labelNames: z.array(z.string()),
  type: z.string().optional(),
});

test("docs/metrics.md has every metric of the services once, with its type, its labels, who has it and what it says", () => {
  const rows = new Map<string, { readonly head: string; readonly help: string; readonly of: Set<string> }>();
  for (const [service, metric] of registered) {
    const { name, help, labelNames } = described.parse(metric);
    if (!OURS.test(name)) continue;
    const labels = labelNames.map((label) => `\`${label}\``).join(", ") || "–";
    const row = rows.get(name) ?? { head: `\`${name}\` | ${typeOf(metric)} | ${labels}`, help, of: new Set() };
    expect(row.help, name).toBe(help);
    rows.set(name, row);
    row.of.add(service);
  }
  const expected = [...rows.values()].map(({ head, help, of }) => {
    const those = SERVICES.filter((service) => of.has(service)).reverse();
    return `| ${head} | ${those.length === SERVICES.length ? "all" : those.join(", ")} | ${help} |`;
  });
  const page = readFileSync("docs/metrics.md", "utf8");
  const told = Array.from(page.matchAll(/^\| `(?:twinspan|gen_ai)_.*\|$/gm), ([row]) => row);
  expect(told.sort()).toEqual(expected.sort());
});

function typeOf(metric: Metric): string {
  if (metric instanceof Gauge) return "gauge";
  return metric.constructor.name.toLowerCase();
}

test("names follow Prometheus's conventions: counters end in _total, seconds and bytes are base units", () => {
  for (const [, metric] of registered) {
    const { name } = described.parse(metric);
    if (!OURS.test(name)) continue;
    expect(name.endsWith("_total"), name).toBe(typeOf(metric) === "counter");
    expect(name, name).not.toMatch(/_(ms|millis|milliseconds|nanos|kb|mb)(_|$)/);
  }
});

test("what callers write makes no series: names of endpoints, routes, methods and headers that there are not", async () => {
  const ask = async (model: string) => {
    await chat(url, { model, headers: { "x-request-id": model, "user-agent": `${model}/1` } });
    await fetch(`${url}/${model}`).then((answer) => answer.arrayBuffer());
    await fetch(`${url}/v1/models/${model}`, { method: "DELETE" }).then((answer) => answer.arrayBuffer());
  };
  // Asking for figures is counted, too.
  await seriesNow();
  await ask("known");
  await ask("stranger-first");
  let before: readonly string[] = [];
  await until("the record of the first call is stored", async () => {
    before = await seriesNow();
    return before.some((series) => series.includes("WriteInvocations"));
  });
  for (let index = 0; index < CALLS_OF_STRANGERS; index += 1) await ask(`stranger-${index}`);
  const known = new Set(before);
  expect((await seriesNow()).filter((series) => !known.has(series))).toEqual([]);
});

async function seriesNow(): Promise<readonly string[]> {
  const texts = await Promise.all(opsUrls.map(async (ops) => (await fetch(`${ops}/metrics`)).text()));
  return texts.flatMap((text) => Array.from(text.matchAll(SERIES), ([, series = ""]) => series));
}
