import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ScriptedProvider, startScriptedProvider } from "../../examples/scripted-provider/scripted-provider.ts";
import { freePorts } from "../../tools/free-ports.ts";
import { type NameServer, startNameServer } from "../neighbours/name-server.ts";
import { ServiceProcess } from "../system/service-process.ts";
import { type StoredTraces, startStoredTraces } from "../traces/stored-traces.ts";

/** What a fleet has copies of. */
export type ServiceName = "ingress" | "gateway" | "trace-writer";

/** How an ingress reaches gateways. Each way has an endpoint of its own, so that their calls can be told apart. */
export const TRANSPORTS = ["exchange", "per-call"] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** A copy of a service, as a process, at an address that no other has. */
export class Copy extends ServiceProcess {
  readonly service: ServiceName;
  readonly host: string;

  constructor(service: ServiceName, host: string, opsUrl: string, configFile: string) {
    super(service, opsUrl, { TWINSPAN_CONFIG: configFile });
    this.service = service;
    this.host = host;
  }
}

/** How often names are looked up. */
const LOOK_UP_MS = 500;
/** Most of a call is the provider's, so that a copy which the machine gives less of does not look like one that is slow. */
const BEHAVIOURS = { word: { delayHeadMs: 100, chunkDelayMs: 2 } };

/**
 * Any number of copies of each service, as processes on loopback, each at an address of its own. They find each other
 * by names that a DNS server of the fleet's knows, which has each copy from when it is ready until it is told to go.
 */
export class Fleet implements AsyncDisposable {
  readonly stored: StoredTraces;
  readonly #names: NameServer;
  readonly #provider: ScriptedProvider;
  readonly #postgresUrl: string;
  readonly #directory: string;
  readonly #port: number;
  readonly #opsPort: number;
  /** Fleets that run at once have networks of their own. */
  readonly #network = randomInt(1, 250);
  readonly #owned: AsyncDisposableStack;
  readonly #listed = new Set<Copy>();
  readonly #all: Copy[] = [];

  private constructor(
    owned: AsyncDisposableStack,
    parts: { names: NameServer; provider: ScriptedProvider; directory: string; ports: readonly number[] },
    postgresUrl: string,
  ) {
    this.#owned = owned;
    this.#names = parts.names;
    this.#provider = parts.provider;
    this.#directory = parts.directory;
    this.#postgresUrl = postgresUrl;
    [this.#port = 0, this.#opsPort = 0] = parts.ports;
    this.stored = owned.use(startStoredTraces(this.#targetOf("trace-writer")));
  }

  /** A fleet without any copy, whose trace-writers share the PostgreSQL database at this URL. */
  static async start(postgresUrl: string): Promise<Fleet> {
    await using started = new AsyncDisposableStack();
    const directory = mkdtempSync(join(tmpdir(), "twinspan-fleet-"));
    started.defer(() => rmSync(directory, { recursive: true, force: true }));
    const names = started.use(await startNameServer());
    const options = { listen: "127.0.0.1:0", behaviours: BEHAVIOURS, requestsMax: 10_000 };
    const provider = started.use(await startScriptedProvider(options));
    return new Fleet(started.move(), { names, provider, directory, ports: await freePorts(2) }, postgresUrl);
  }

  /** Every copy that there ever was. */
  get all(): readonly Copy[] {
    return this.#all;
  }

  /** The copies that others find by their service's name. */
  copiesOf(service: ServiceName): readonly Copy[] {
    return [...this.#listed].filter((copy) => copy.service === service);
  }

  /** Starts a copy, and lists it once it is ready. */
  async add(service: ServiceName, transport: Transport = "exchange"): Promise<Copy> {
    const number = this.#all.length + 1;
    const host = `127.${this.#network}.0.${number}`;
    const file = join(this.#directory, `${service}-${number}.yaml`);
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(this.#configOf(host, transport)));
    const port = service === "ingress" ? this.#port : this.#opsPort;
    const copy = this.#owned.use(new Copy(service, host, `http://${host}:${port}`, file));
    this.#all.push(copy);
    await copy.start();
    this.list(copy);
    return copy;
  }

  /** Takes a copy off its name, and ends it. */
  async remove(copy: Copy): Promise<void> {
    this.unlist(copy);
    await copy.stop();
  }

  list(copy: Copy): void {
    this.#listed.add(copy);
    this.#tell(copy.service);
  }

  unlist(copy: Copy): void {
    this.#listed.delete(copy);
    this.#tell(copy.service);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#owned.disposeAsync().then(() => undefined);
  }

  #tell(service: ServiceName): void {
    this.#names.set(
      nameOf(service),
      this.copiesOf(service).map(({ host }) => host),
    );
  }

  #targetOf(service: ServiceName): string {
    return `dns://${this.#names.address}/${nameOf(service)}:${this.#port}`;
  }

  #configOf(host: string, transport: Transport): object {
    const listen = `${host}:${this.#port}`;
    const ops = `${host}:${this.#opsPort}`;
    const traceWriter = this.#targetOf("trace-writer");
    // A machine that is busy with other tests makes everything late: calls are not to be turned away for that.
    const limits = { loopDelayMsMax: 60_000 };
    return {
      peers: { lookUpMs: LOOK_UP_MS },
      ingress: { listen, gateway: { target: this.#targetOf("gateway"), transport }, traceWriter, limits },
      gateway: {
        listen,
        ops,
        traceWriter,
        outbox: { path: join(this.#directory, `outbox-${host}.db`), lingerMs: 5, commitWaitMs: 10_000 },
        limits,
      },
      traceWriter: { listen, ops, store: { use: "postgres", postgres: { url: this.#postgresUrl } }, limits },
      providers: { scripted: { baseUrl: this.#provider.url, allowAddresses: ["127.0.0.0/8"] } },
      endpoints: TRANSPORTS.map((name) => ({ name, models: [{ provider: "scripted", model: "word" }] })),
    };
  }
}

function nameOf(service: ServiceName): string {
  return `${service}.fleet.test`;
}
