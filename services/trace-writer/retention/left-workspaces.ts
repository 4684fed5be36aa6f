import { Gauge, type Registry } from "prom-client";
import type { Logger } from "#lib/logger.ts";
import type { TraceStore } from "../store/trace-store.ts";

/** Tells operators of workspaces that are configured no more, and have left experiments in the store. */
export interface LeftWorkspaces {
  /** Looks for them, and tells in the log and in the metrics. Never throws. */
  look(configured: readonly string[]): Promise<void>;
}

const PAGE = 1000;

/** What of `dumpExperiments` is looked at. */
type Experiments = Pick<TraceStore, "dumpExperiments">;

/** Nothing is looked for yet. */
export function createLeftWorkspaces(store: Experiments, registry: Registry, log: Logger): LeftWorkspaces {
  const experiments = new Gauge({
    name: "twinspan_trace_writer_left_experiments",
    help: "Experiments of workspaces that are configured no more, by workspace, as of the last reading of the configuration.",
    labelNames: ["workspace"],
    registers: [registry],
  });
  return {
    async look(configured) {
      try {
        const left = await leftIn(store, new Set(configured));
        experiments.reset();
        for (const [workspace, count] of left) experiments.set({ workspace }, count);
        if (left.size === 0) return;
        const workspaces = Object.fromEntries(left);
        log.warn(
          { workspaces },
          "workspaces that are configured no more have left experiments: nobody reads or deletes them",
        );
      } catch (error) {
        log.warn({ err: error }, "what workspaces have left could not be looked for");
      }
    },
  };
}

/** How many experiments each of them has. */
async function leftIn(store: Experiments, configured: ReadonlySet<string>): Promise<ReadonlyMap<string, number>> {
  const left = new Map<string, number>();
  for (let after: bigint | undefined; ; ) {
    const page = await store.dumpExperiments(after, PAGE);
    for (const { workspace } of page) {
      if (!configured.has(workspace)) left.set(workspace, (left.get(workspace) ?? 0) + 1);
    }
    after = page.at(-1)?.id;
    if (page.length < PAGE) return left;
  }
}
