import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { cpuSecondsOf, type MeasuredProcess } from "../processes.ts";
import { type MeasuredStore, type StoreName, startStore } from "../store/stores.ts";
import type { SystemTargetName, Target } from "./target.ts";
import { startTwinspan, type Tracing, type Twinspan } from "./twinspan.ts";

/** How twinspan is set up for a target. */
export interface Setup {
  readonly transport: "per-call" | "exchange";
  readonly store: StoreName;
  readonly tracing: Tracing;
}

/** By target. */
export const SETUPS: Readonly<Record<SystemTargetName, Setup>> = {
  "off-per-call": { transport: "per-call", store: "sqlite", tracing: "off" },
  "off-exchange": { transport: "exchange", store: "sqlite", tracing: "off" },
  "on-per-call": { transport: "per-call", store: "sqlite", tracing: "on" },
  "on-exchange": { transport: "exchange", store: "sqlite", tracing: "on" },
  "on-postgres": { transport: "exchange", store: "postgres", tracing: "on" },
  "on-clickhouse": { transport: "exchange", store: "clickhouse", tracing: "on" },
};

/** Twinspan as it runs for one or two targets: what is on and what is off are endpoints of the same services. */
interface System {
  readonly twinspan: Twinspan;
  /** The store's server, where it has one that was started here. */
  readonly server: MeasuredProcess | undefined;
}

/** The systems of one tree, each started when a target first needs it. Disposing of it ends all. */
export class Systems implements AsyncDisposable {
  readonly #root: string;
  readonly #directory: string;
  readonly #providerPort: number;
  readonly #systems = new Map<string, System>();
  readonly #traced = new Map<string, Twinspan>();
  readonly #started = new AsyncDisposableStack();

  /** `root` is the tree whose services run, `directory` where their files go. */
  constructor(root: string, directory: string, providerPort: number) {
    this.#root = root;
    this.#directory = directory;
    this.#providerPort = providerPort;
  }

  /** Where traces are left, by the name of the target that leaves them. */
  get traced(): ReadonlyMap<string, Twinspan> {
    return this.#traced;
  }

  /** A target of such a setup. Rejects when it does not start. */
  async target(name: string, setup: Setup): Promise<Target> {
    const { twinspan, server } = await this.#system(setup);
    if (setup.tracing === "on") this.#traced.set(name, twinspan);
    return {
      name,
      port: twinspan.port,
      processes: server === undefined ? twinspan.processes : [...twinspan.processes, server],
      ask: (mode) => twinspan.ask(mode, setup.tracing),
      settle: twinspan.settle,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started.disposeAsync();
  }

  async #system({ transport, store: storeName }: Setup): Promise<System> {
    const key = `${transport}-${storeName}`;
    const running = this.#systems.get(key);
    if (running !== undefined) return running;
    const directory = join(this.#directory, key);
    mkdirSync(directory, { recursive: true });
    const store = this.#started.use(await startStore(storeName, directory));
    const { settings } = store;
    const twinspan = this.#started.use(
      await startTwinspan({
        root: this.#root,
        directory,
        providerPort: this.#providerPort,
        transport,
        store: settings,
      }),
    );
    const system = { twinspan, server: serverOf(store) };
    this.#systems.set(key, system);
    return system;
  }
}

/** The store ends it. */
function serverOf({ name, pid }: MeasuredStore): MeasuredProcess | undefined {
  if (pid === undefined) return undefined;
  return { name, cpuSeconds: () => cpuSecondsOf(pid), async [Symbol.asyncDispose]() {} };
}
