import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { z } from "zod";
import type { configSchema } from "#lib/config/schema.ts";
import type { Behaviour } from "../../examples/scripted-provider/behaviour.ts";
import { type ScriptedProvider, startScriptedProvider } from "../../examples/scripted-provider/scripted-provider.ts";
import { freePorts } from "../../tools/free-ports.ts";
import { until } from "../../tools/until.ts";
import { type StoredTraces, startStoredTraces } from "../traces/stored-traces.ts";
import { ServiceProcess } from "./service-process.ts";
import { TRANSPORT } from "./transport-under-test.ts";

type ConfigInput = z.input<typeof configSchema>;

type Settings = Readonly<Record<string, unknown>>;

export interface StackOptions {
  /** Models of the scripted provider. Each gets an endpoint of its name. */
  readonly models: readonly string[];
  /** How models behave whose names do not say it. */
  readonly behaviours?: Readonly<Record<string, Behaviour>>;
  /** Endpoints beside those. */
  readonly endpoints?: NonNullable<ConfigInput["endpoints"]>;
  /** Further names for the scripted provider, with settings of their own, also as a function of where it is. */
  readonly providers?: Readonly<Record<string, Settings | ((provider: ScriptedProvider) => Settings)>>;
  readonly log?: ConfigInput["log"];
  readonly ingress?: ConfigInput["ingress"];
  readonly gateway?: ConfigInput["gateway"];
  readonly outbox?: NonNullable<ConfigInput["gateway"]>["outbox"];
  readonly traceWriter?: ConfigInput["traceWriter"];
  readonly auth?: ConfigInput["auth"];
  readonly workspaces?: ConfigInput["workspaces"];
  /** Where the trace-writer's file is. Default: in the stack's own directory. */
  readonly storeDirectory?: string;
}

/**
 * The whole of twinspan: three processes on loopback in front of a scripted provider in this one. Disposing of it ends
 * them in order, and fails when one does not end with 0.
 */
export interface Stack extends AsyncDisposable {
  readonly provider: ScriptedProvider;
  readonly ingress: ServiceProcess;
  readonly gateway: ServiceProcess;
  readonly traceWriter: ServiceProcess;
  /** Where HTTP clients come in: `http://127.0.0.1:…`. */
  readonly url: string;
  /** Where gRPC callers come in. */
  readonly gatewayAddress: string;
  readonly traceWriterAddress: string;
  /** The configuration of all three. */
  readonly configFile: string;
  /** The outbox's file. */
  readonly outboxPath: string;
  /** The trace-writer's file. */
  readonly storePath: string;
  /** What the trace-writer has stored. */
  readonly stored: StoredTraces;
}

/** What a model of the scripted provider costs, in US dollars for a million tokens. */
const PRICE = { inputPerMillion: 1, outputPerMillion: 2 };

/** Starts it, and returns when all three are ready. */
export async function startStack(options: StackOptions): Promise<Stack> {
  await using started = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), "twinspan-stack-"));
  started.defer(() => rmSync(directory, { recursive: true, force: true }));
  const provider = started.use(
    await startScriptedProvider({ listen: "127.0.0.1:0", behaviours: options.behaviours ?? {}, requestsMax: 2000 }),
  );
  const [http = 0, rpc = 0, rpcOps = 0, store = 0, storeOps = 0] = await freePorts(5);
  const address = (port: number) => `127.0.0.1:${port}`;
  const outboxPath = join(directory, "outbox.db");
  const storePath = join(options.storeDirectory ?? directory, "traces.db");
  const config: ConfigInput = {
    log: { level: "debug", ...options.log },
    ...(options.auth && { auth: options.auth }),
    ...(options.workspaces && { workspaces: options.workspaces }),
    ingress: {
      gateway: { target: address(rpc), transport: TRANSPORT },
      traceWriter: address(store),
      listen: address(http),
      ...options.ingress,
    },
    gateway: {
      listen: address(rpc),
      ops: address(rpcOps),
      traceWriter: address(store),
      ...options.gateway,
      outbox: { path: outboxPath, lingerMs: 5, retryMaxMs: 500, ...options.outbox },
    },
    traceWriter: {
      listen: address(store),
      ops: address(storeOps),
      store: { sqlite: { path: storePath } },
      ...options.traceWriter,
    },
    providers: providersOf(provider, options),
    endpoints: endpointsOf(options),
  };
  const configFile = join(directory, "twinspan.yaml");
  // JSON is YAML.
  writeFileSync(configFile, JSON.stringify(config));

  const processOf = (name: string, port: number) =>
    started.use(new ServiceProcess(name, `http://${address(port)}`, { TWINSPAN_CONFIG: configFile }));
  // They are disposed of in the reverse order: callers first, the store last.
  const traceWriter = processOf("trace-writer", storeOps);
  const gateway = processOf("gateway", rpcOps);
  const ingress = processOf("ingress", http);
  const stored = started.use(startStoredTraces(address(store)));
  await Promise.all([traceWriter.start(), gateway.start(), ingress.start()]);
  const url = `http://${address(http)}`;
  // It takes calls before it has found a trace-writer, which may have come last.
  await until("the ingress can read traces", async () => {
    return !(await (await fetch(`${url}/readyz`)).text()).includes("trace-writer");
  });
  const resources = started.move();
  return {
    provider,
    ingress,
    gateway,
    traceWriter,
    url,
    gatewayAddress: address(rpc),
    traceWriterAddress: address(store),
    configFile,
    outboxPath,
    storePath,
    stored,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The provider `scripted` speaks every format. Others speak what their settings say, and are sent translations of the rest. */
function providersOf(
  provider: ScriptedProvider,
  { providers = {} }: StackOptions,
): NonNullable<ConfigInput["providers"]> {
  // Its models fail on purpose, for tests that share it: its breaker is off.
  const place = { baseUrl: provider.url, allowAddresses: ["127.0.0.0/8"], breaker: { enabled: false } };
  const everyFormat = {
    formats: ["openai-chat", "openai-responses", "openai-responses-compact", "openai-embeddings"],
    baseUrls: { anthropic: provider.at("anthropic"), gemini: provider.at("gemini") },
  };
  const named = Object.entries(providers).map(([name, settings]) => {
    return [name, { ...place, ...(typeof settings === "function" ? settings(provider) : settings) }];
  });
  const { scripted, ...others } = Object.fromEntries(named);
  return { scripted: { ...place, ...everyFormat, ...scripted }, ...others };
}

function endpointsOf({ models, endpoints = [] }: StackOptions): NonNullable<ConfigInput["endpoints"]> {
  const named = models.map((model) => ({ name: model, models: [{ provider: "scripted", model, price: PRICE }] }));
  return [...named, ...endpoints];
}
