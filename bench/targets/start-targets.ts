import { fileURLToPath } from "node:url";
import type { MeasuredProcess } from "../processes.ts";
import { startNginx } from "./nginx.ts";
import { startProvider, startProxy, startUnaryChain } from "./proxies.ts";
import { SETUPS, Systems } from "./systems.ts";
import type { Target, TargetName } from "./target.ts";
import type { Twinspan } from "./twinspan.ts";

/** All that is measured in a run, started and ready. Disposing of it ends everything. */
export interface Targets extends AsyncDisposable {
  readonly provider: MeasuredProcess;
  /** Those that were wanted and could be started. */
  readonly all: readonly Target[];
  /** Why others could not be, in one sentence each, by name. */
  readonly missing: Readonly<Record<string, string>>;
  /** Where traces are left, by target. */
  readonly traced: ReadonlyMap<string, Twinspan>;
}

/** What needs a program that cannot be had everywhere: a run goes on without it. */
const OPTIONAL: ReadonlySet<TargetName> = new Set(["nginx", "on-postgres", "on-clickhouse"]);

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Starts what is wanted, of this tree. What needs nginx, PostgreSQL or ClickHouse is left out and told where those
 * cannot be had; anything else that does not start rejects. Files go to `directory`.
 */
export async function startTargets(wanted: readonly TargetName[], directory: string): Promise<Targets> {
  await using started = new AsyncDisposableStack();
  const { provider, target: direct } = await startProvider(directory);
  started.use(provider);
  const systems = started.use(new Systems(ROOT, directory, direct.port));
  const all: Target[] = [];
  const missing: Record<string, string> = {};
  for (const name of wanted) {
    try {
      all.push(await start(name));
    } catch (error) {
      if (!OPTIONAL.has(name) || !(error instanceof Error)) throw error;
      missing[name] = error.message;
    }
  }
  const owned = started.move();
  return { provider, all, missing, traced: systems.traced, [Symbol.asyncDispose]: () => owned.disposeAsync() };

  async function start(name: TargetName): Promise<Target> {
    switch (name) {
      case "D":
        return direct;
      case "nginx":
        return own(await startNginx(direct.port, directory));
      case "P":
        return own(await startProxy(direct.port, directory));
      case "U":
        return own(await startUnaryChain(direct.port, directory));
      default:
        return systems.target(name, SETUPS[name]);
    }
  }

  function own(target: Target): Target {
    for (const process of target.processes) started.use(process);
    return target;
  }
}
