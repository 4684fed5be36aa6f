import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { z } from "zod";
import type { configSchema } from "#lib/config/schema.ts";
import { type OwnPostgres, startOwnPostgres } from "../../tools/databases/postgres.ts";
import { freePorts } from "../../tools/free-ports.ts";
import { ServiceProcess } from "../system/service-process.ts";
import { mountSmallDisk, type SmallDisk } from "../system/small-disk.ts";
import { type StoredTraces, startStoredTraces } from "../traces/stored-traces.ts";
import { endpointsOf, providersOf } from "./chaos-endpoints.ts";
import { ProviderProcess } from "./provider-process.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

/** The processes there are. */
export const PARTS = ["provider", "trace-writer", "gateway", "ingress"] as const;
export type Part = (typeof PARTS)[number];

/** The links between them that can be cut, each named for who calls whom. */
export const LINKS = [
  "caller → ingress",
  "ingress → gateway",
  "gateway → trace-writer",
  "gateway → provider",
  "trace-writer → PostgreSQL",
] as const;
export type Link = (typeof LINKS)[number];

/** The disks that can be filled. */
export type Disk = "store" | "outbox";

/** All of twinspan and its provider as processes on loopback, with a proxy on every link. Disposing of it ends them in order. */
export interface ChaosSystem extends AsyncDisposable {
  readonly parts: Readonly<Record<Part, ServiceProcess>>;
  /** The last only where traces are kept in PostgreSQL. */
  readonly links: Readonly<Partial<Record<Link, TcpProxy>>>;
  /** Where traces are kept, when that is a server of its own. */
  readonly database: OwnPostgres | undefined;
  /** Where disks may be mounted, those that can be filled. */
  readonly disks: Readonly<Partial<Record<Disk, SmallDisk>>>;
  /** Where HTTP clients come in: `http://127.0.0.1:…`. */
  readonly url: string;
  readonly gatewayAddress: string;
  readonly traceWriterAddress: string;
  readonly outboxPath: string;
  readonly stored: StoredTraces;
  /** Sets a process's wall clock off by so much. */
  setClock(part: Part, offsetMs: number): void;
}

export interface ChaosSystemOptions {
  /** Where traces are kept. Default: in a file. */
  readonly store?: "sqlite" | "postgres";
  /** What the disks that can be filled hold. Undefined: there are none. */
  readonly diskBytes: number | undefined;
  /** Modules that each process loads first. */
  readonly preload?: readonly string[];
  /** What else Node is started with. */
  readonly nodeOptions?: readonly string[];
  /** Further variables of a process. */
  readonly environmentOf?: (part: Part) => Readonly<Record<string, string>>;
  /** Settings beside those that chaos needs. */
  readonly traceWriter?: z.input<typeof configSchema>["traceWriter"];
  /** SQLite's page cache. Default: as configured by default. */
  readonly storeCacheBytes?: number;
}

/** Starts it, and returns when all are ready. */
export async function startChaosSystem(options: ChaosSystemOptions): Promise<ChaosSystem> {
  await using started = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), "twinspan-chaos-"));
  started.defer(() => rmSync(directory, { recursive: true, force: true }));
  const disks = mountDisks(started, options.diskBytes);
  const { store: useStore = "sqlite" } = options;
  const database = useStore === "postgres" ? started.use(await startOwnPostgres()) : undefined;
  const databaseUrl = database && new URL(await database.newDatabase());
  const toDatabase = databaseUrl && started.use(await startTcpProxy(databaseUrl.host));
  if (databaseUrl && toDatabase) databaseUrl.host = toDatabase.address;
  const addresses = (await freePorts(6)).map((port) => `127.0.0.1:${port}`);
  const [http = "", rpc = "", rpcOps = "", store = "", storeOps = "", provider = ""] = addresses;
  const toProvider = started.use(await startTcpProxy(provider));
  const toGateway = started.use(await startTcpProxy(rpc));
  const toTraceWriter = started.use(await startTcpProxy(store));
  const toIngress = started.use(await startTcpProxy(http));
  const outboxPath = join(disks.outbox?.path ?? directory, "outbox.db");
  const config: z.input<typeof configSchema> = {
    log: { level: "info" },
    ingress: { listen: http, gateway: toGateway.address, traceWriter: store, limits: { callMs: 20_000 } },
    gateway: {
      listen: rpc,
      ops: rpcOps,
      traceWriter: toTraceWriter.address,
      // The end of an answer waits for its record however slow this machine is, so that the promise has no exception.
      outbox: { path: outboxPath, lingerMs: 5, shipMs: 3_000, retryMaxMs: 500, commitWaitMs: 30_000 },
    },
    traceWriter: {
      listen: store,
      ops: storeOps,
      store: {
        use: useStore,
        ...(databaseUrl && { postgres: { url: databaseUrl.href } }),
        sqlite: { path: join(disks.store?.path ?? directory, "traces.db"), cacheBytes: options.storeCacheBytes },
      },
      ...options.traceWriter,
    },
    providers: providersOf(`http://${toProvider.address}`),
    endpoints: endpointsOf(),
  };
  const configFile = join(directory, "twinspan.yaml");
  writeFileSync(configFile, JSON.stringify(config));

  const clockOf = (part: Part) => join(directory, `${part}.clock`);
  const setClock = (part: Part, offsetMs: number) => {
    writeFileSync(`${clockOf(part)}.new`, String(offsetMs));
    renameSync(`${clockOf(part)}.new`, clockOf(part));
  };
  for (const part of PARTS) setClock(part, 0);
  const preloads = [new URL("./shifted-clock.ts", import.meta.url).href, ...(options.preload ?? [])];
  const environmentOf = (part: Part) => ({
    TWINSPAN_CONFIG: configFile,
    SHIFTED_CLOCK_FILE: clockOf(part),
    NODE_OPTIONS: [...(options.nodeOptions ?? []), ...preloads.map((module) => `--import=${module}`)].join(" "),
    ...options.environmentOf?.(part),
  });
  const processOf = (part: Part, ops: string) =>
    started.use(new ServiceProcess(part, `http://${ops}`, environmentOf(part)));
  // They are disposed of in the reverse order: callers first, the store last.
  const parts = {
    provider: started.use(new ProviderProcess(provider, environmentOf("provider"))),
    "trace-writer": processOf("trace-writer", storeOps),
    gateway: processOf("gateway", rpcOps),
    ingress: processOf("ingress", http),
  };
  const stored = started.use(startStoredTraces(store));
  await Promise.all(PARTS.map((part) => parts[part].start()));
  const resources = started.move();
  return {
    parts,
    links: {
      "caller → ingress": toIngress,
      "ingress → gateway": toGateway,
      "gateway → trace-writer": toTraceWriter,
      "gateway → provider": toProvider,
      ...(toDatabase && { "trace-writer → PostgreSQL": toDatabase }),
    },
    database,
    disks,
    url: `http://${toIngress.address}`,
    gatewayAddress: rpc,
    traceWriterAddress: store,
    outboxPath,
    stored,
    setClock,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function mountDisks(started: AsyncDisposableStack, bytes: number | undefined): Partial<Record<Disk, SmallDisk>> {
  if (bytes === undefined) return {};
  const disks: Partial<Record<Disk, SmallDisk>> = {};
  for (const name of ["store", "outbox"] as const) {
    const disk = mountSmallDisk(bytes);
    if (disk !== undefined) disks[name] = started.use(disk);
  }
  return disks;
}
