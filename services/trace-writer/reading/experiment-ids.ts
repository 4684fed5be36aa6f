import { DEFAULT_WORKSPACE } from "#lib/auth/identity.ts";
import { DEFAULT_EXPERIMENT } from "../core/experiments/default-experiment.ts";
import type { TraceScope } from "../store/trace-reads.ts";
import type { TraceStore } from "../store/trace-store.ts";

type Experiments = Pick<TraceStore, "getExperiment">;

const DEFAULT_ID = BigInt(DEFAULT_EXPERIMENT.id);

/**
 * The experiments that ids stand for in a workspace: themselves, but for 0, which is its `Default` (`experimentMeant`).
 * Until something is written there is none, and 0 stands for nothing.
 */
export async function experimentIdsMeant(
  store: Experiments,
  workspace: string,
  ids: readonly bigint[],
): Promise<readonly bigint[]> {
  if (workspace === DEFAULT_WORKSPACE || !ids.includes(DEFAULT_ID)) return ids;
  const found = await store.getExperiment(workspace, { $case: "name", value: DEFAULT_EXPERIMENT.name });
  const others = ids.filter((id) => id !== DEFAULT_ID);
  return found === undefined ? others : [...new Set([...others, BigInt(found.id)])];
}

/** The same for a scope. */
export async function scopeMeant(store: Experiments, workspace: string, scope: TraceScope): Promise<TraceScope> {
  if (scope.kind === "pending") return scope;
  return { ...scope, ids: await experimentIdsMeant(store, workspace, scope.ids) };
}
