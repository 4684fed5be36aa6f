import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startScriptedProvider } from "../../examples/scripted-provider/scripted-provider.ts";
import { freePorts } from "../../tools/free-ports.ts";
import { ServiceProcess } from "../system/service-process.ts";
import { TRANSPORT } from "../system/transport-under-test.ts";
import { type StoredTraces, startStoredTraces } from "../traces/stored-traces.ts";

/**
 * Twinspan with two ingresses and two gateways, as processes on loopback. Every ingress calls both gateways in turn,
 * every gateway all trace-writers.
 */
export interface RollingSystem extends AsyncDisposable {
  readonly ingresses: readonly ServiceProcess[];
  readonly gateways: readonly ServiceProcess[];
  /** Where ingresses connect to each of them. */
  readonly gatewayPorts: readonly number[];
  readonly traceWriters: readonly ServiceProcess[];
  readonly stored: StoredTraces;
}

/** The endpoint: it takes a while for its head, and for every word. */
export const SLOW_ENDPOINT = "slow";
/**
 * How long an ingress takes requests after SIGTERM. A balancer that looks more often than that loses none: the test's
 * does, sixty times as often, so that one whose machine is busy does too.
 */
const DRAIN_DELAY_MS = 3_000;

/** How a system is started. */
export interface RollingOptions {
  /** A PostgreSQL database, which two trace-writers share. Default: one trace-writer over a file. */
  readonly postgresUrl?: string;
  /** How many worker processes the first trace-writer is. Default: where nothing is said. */
  readonly writerWorkers?: number;
  /** The tree that all services run from at first. Default: this one. */
  readonly tree?: string;
  /** How ingresses reach gateways. Default: as the tests are told; `default`: as they do where nothing is said. */
  readonly transport?: typeof TRANSPORT | "default";
}

/** Starts it, and returns when all are ready. */
export async function startRollingSystem({
  postgresUrl,
  writerWorkers,
  tree,
  transport = TRANSPORT,
}: RollingOptions = {}): Promise<RollingSystem> {
  await using started = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), "twinspan-rolling-"));
  started.defer(() => rmSync(directory, { recursive: true, force: true }));
  const behaviours = { slow: { delayHeadMs: 30, chunkDelayMs: 10 } };
  const provider = started.use(await startScriptedProvider({ listen: "127.0.0.1:0", behaviours, requestsMax: 10_000 }));
  const addresses = (await freePorts(10)).map((port) => `127.0.0.1:${port}`);
  const [http = [], rpc = [], ops = [], storeRpc = [], storeOps = []] = [0, 2, 4, 6, 8].map((at) =>
    addresses.slice(at, at + 2),
  );
  const store =
    postgresUrl === undefined
      ? { sqlite: { path: join(directory, "traces.db") } }
      : { use: "postgres", postgres: { url: postgresUrl } };
  const writers = postgresUrl === undefined ? 1 : 2;
  const target = `ipv4:${rpc.join(",")}`;
  const stores = `ipv4:${storeRpc.slice(0, writers).join(",")}`;
  // A machine that is busy with other tests makes everything late: calls are not to be turned away for that.
  const limits = { loopDelayMsMax: 60_000 };
  const processOf = (name: string, copy: number, opsAddress = "") => {
    const file = join(directory, `${name}-${copy}.yaml`);
    const config = {
      ingress: {
        listen: http[copy],
        gateway: transport === "default" ? target : { target, transport },
        traceWriter: stores,
        drainDelayMs: DRAIN_DELAY_MS,
        limits,
      },
      gateway: {
        listen: rpc[copy],
        limits,
        ops: ops[copy],
        traceWriter: stores,
        outbox: { path: join(directory, `outbox-${copy}.db`), lingerMs: 5 },
      },
      traceWriter: {
        listen: storeRpc[copy],
        ops: storeOps[copy],
        store,
        limits,
        ...(copy === 0 && writerWorkers !== undefined ? { workers: writerWorkers } : {}),
      },
      providers: { scripted: { baseUrl: provider.url, allowAddresses: ["127.0.0.0/8"] } },
      endpoints: [{ name: SLOW_ENDPOINT, models: [{ provider: "scripted", model: "slow" }] }],
    };
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(config));
    const service = started.use(new ServiceProcess(name, `http://${opsAddress}`, { TWINSPAN_CONFIG: file }));
    service.runFrom(tree);
    return service;
  };
  // They are disposed of in the reverse order: callers first, the store last.
  const traceWriters = storeOps.slice(0, writers).map((address, copy) => processOf("trace-writer", copy, address));
  const gateways = ops.map((address, copy) => processOf("gateway", copy, address));
  const ingresses = http.map((address, copy) => processOf("ingress", copy, address));
  const stored = started.use(startStoredTraces(stores));
  await Promise.all([...traceWriters, ...gateways, ...ingresses].map((service) => service.start()));
  const resources = started.move();
  return {
    ingresses,
    gateways,
    gatewayPorts: rpc.map((address) => Number(new URL(`http://${address}`).port)),
    traceWriters,
    stored,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
