import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { configSourceOf } from "#lib/config/config-source.ts";
import { type Config, configSchema } from "#lib/config/schema.ts";
import { createLogger } from "#lib/logger.ts";
import type { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { Behaviour } from "../../examples/scripted-provider/behaviour.ts";
import { type ScriptedProvider, startScriptedProvider } from "../../examples/scripted-provider/scripted-provider.ts";
import { type RunningGateway, startGateway } from "../../services/gateway/server.ts";
import { until } from "../../tools/until.ts";
import { createGatewayClient, type GatewayClient } from "../callers/gateway-client.ts";
import { type RecordingTraceWriter, startRecordingTraceWriter } from "../neighbours/recording-trace-writer.ts";

type Settings = Readonly<Record<string, unknown>>;

/** An endpoint on the scripted provider. Settings that are left out are the configuration's defaults. */
export interface ScriptedEndpoint {
  /** What its model does. Default: it echoes. */
  readonly behaviour?: Behaviour;
  /** What its fallback's model does. Undefined: it has none. */
  readonly fallback?: Behaviour;
  readonly tracing?: "on" | "off";
  readonly mirror?: "sampled" | "always" | "never";
  /**
   * Settings of its provider beside the base URL, or instead of it, also as a function of the base URL. Its fallback's
   * provider has the defaults.
   */
  readonly provider?: Settings | ((baseUrl: string) => Settings);
  /** Further settings of the endpoint, in the configuration's own words. */
  readonly settings?: Settings;
  readonly price?: { readonly inputPerMillion: number; readonly outputPerMillion: number };
}

export interface GatewayScript {
  /** The endpoints by name. */
  readonly endpoints: Readonly<Record<string, ScriptedEndpoint>>;
  /** Settings under `gateway.outbox`. */
  readonly outbox?: Readonly<Record<string, unknown>>;
  /** Settings under `gateway.limits`. */
  readonly limits?: Readonly<Record<string, unknown>>;
  /** Further settings under `gateway`. Its configuration is not watched unless they say so. */
  readonly gateway?: Readonly<Record<string, unknown>>;
  /** The section `auth`. Default: none, everyone may do everything. */
  readonly auth?: Readonly<Record<string, unknown>>;
  /** The section `workspaces`. */
  readonly workspaces?: readonly Settings[];
  /** The section `limits`: rate limits and budgets. */
  readonly callLimits?: Readonly<Record<string, unknown>>;
  /** Settings under `redaction`. */
  readonly redaction?: Readonly<Record<string, unknown>>;
}

/** A real gateway on loopback between a scripted provider and a trace-writer that keeps what it gets. */
export interface GatewayRun extends AsyncDisposable {
  readonly client: GatewayClient;
  readonly gateway: RunningGateway;
  readonly provider: ScriptedProvider;
  readonly traceWriter: RecordingTraceWriter;
  /** The configuration it runs with, for another gateway on the same outbox. */
  readonly config: Config;
  /** The file that it reads again when it reloads. */
  readonly configFile: string;
  /** What was logged, a line each. */
  readonly logged: readonly string[];
  /** The records, once there are `count` of them: all are held to the trace-writer's rules. */
  records(count: number): Promise<readonly InvocationRecord[]>;
  /** The record of the full trace of that id (hex), once it has come. */
  record(traceId: string): Promise<InvocationRecord>;
  /** The figures under /metrics, by name and labels as they are written there. */
  metrics(): Promise<ReadonlyMap<string, number>>;
}

/** Starts it. Disposing of it stops everything and removes the outbox. */
export async function startGatewayRun(script: GatewayScript): Promise<GatewayRun> {
  await using started = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "twinspan-gateway-"));
  started.defer(() => rm(directory, { recursive: true, force: true }));
  const behaviours: Record<string, Behaviour> = {};
  for (const [name, { behaviour = {}, fallback }] of Object.entries(script.endpoints)) {
    behaviours[`${name}-model`] = behaviour;
    if (fallback !== undefined) behaviours[`${name}-fallback`] = fallback;
  }
  const provider = started.use(await startScriptedProvider({ listen: "127.0.0.1:0", behaviours }));
  const traceWriter = started.use(await startRecordingTraceWriter());
  const configFile = join(directory, "twinspan.yaml");
  const written = settingsOf(script, join(directory, "outbox.db"), provider.url, traceWriter.address);
  await writeFile(configFile, JSON.stringify(written));
  const source = configSourceOf(configFile, {}, LOOK_MS);
  const config = source.read();
  const logged: string[] = [];
  const log = createLogger("gateway", "info", { write: (line) => void logged.push(line) });
  const gateway = started.use(await startGateway(config, { log, source }));
  const client = started.use(createGatewayClient(gateway.address));
  const owned = started.move();
  return {
    client,
    gateway,
    provider,
    traceWriter,
    config,
    configFile,
    logged,
    records: (count) => recordsOf(traceWriter, count),
    record: (traceId) => recordOf(traceWriter, traceId),
    metrics: () => metricsOf(gateway),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** How often a configuration that is watched is looked at. */
const LOOK_MS = 20;

/** What providers have beside their base URLs. Many tests share one, and fail on purpose: its breaker is off. */
const PROVIDER = { allowAddresses: ["127.0.0.0/8"], breaker: { enabled: false } };

/** A gateway's configuration: one provider for the fallbacks, and one an endpoint. */
export function configOf(...written: Parameters<typeof settingsOf>): Config {
  return configSchema.parse(settingsOf(...written));
}

/** The same as its file has it: what is a default is not written. */
function settingsOf(script: GatewayScript, outboxPath: string, providerUrl: string, traceWriter: string) {
  const providers: Record<string, unknown> = {
    scripted: { baseUrl: providerUrl, apiKey: "the-key", ...PROVIDER },
  };
  const endpoints = Object.entries(script.endpoints).map(([name, endpoint]) => {
    const { tracing, mirror, fallback, price, settings } = endpoint;
    const provider = typeof endpoint.provider === "function" ? endpoint.provider(providerUrl) : endpoint.provider;
    if (provider !== undefined) providers[name] = { baseUrl: providerUrl, ...PROVIDER, ...provider };
    return {
      name,
      models: [{ provider: provider === undefined ? "scripted" : name, model: `${name}-model`, price }],
      fallbacks: fallback === undefined ? [] : [{ provider: "scripted", model: `${name}-fallback`, price }],
      tracing,
      mirror,
      ...settings,
    };
  });
  return {
    gateway: {
      listen: "127.0.0.1:0",
      ops: "127.0.0.1:0",
      traceWriter,
      drainMs: 2_000,
      reloadOnChange: false,
      limits: script.limits,
      outbox: { path: outboxPath, lingerMs: 0, retryMinMs: 5, retryMaxMs: 40, drainMs: 500, ...script.outbox },
      ...script.gateway,
    },
    providers,
    redaction: script.redaction,
    auth: script.auth,
    workspaces: script.workspaces,
    limits: script.callLimits,
    endpoints,
  };
}

/** Waits until `count` records have come, and looks at them all. */
export async function recordsOf(
  traceWriter: RecordingTraceWriter,
  count: number,
  timeout = 10_000,
): Promise<readonly InvocationRecord[]> {
  await until(`${count} records have come`, () => traceWriter.records.length >= count, timeout);
  expect(traceWriter.refusals).toEqual([]);
  expect(traceWriter.records).toHaveLength(count);
  return traceWriter.records;
}

/** The record of the full trace of that id, once it has come. */
async function recordOf(traceWriter: RecordingTraceWriter, traceId: string): Promise<InvocationRecord> {
  const found = await until(`the record of ${traceId} has come, or one is refused`, () => {
    expect(traceWriter.refusals).toEqual([]);
    return traceWriter.records.find(({ full }) => full?.traceId.toString("hex") === traceId);
  });
  expect(traceWriter.refusals).toEqual([]);
  return found;
}

/** The figures under a gateway's /metrics. */
export async function metricsOf({ opsAddress }: RunningGateway): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`http://${opsAddress}/metrics`);
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}
