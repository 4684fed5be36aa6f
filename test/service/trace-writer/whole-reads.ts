import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { textOf } from "./writing.ts";

const READS_MAX = 8;

/** Every trace of a store by its key: workspace and id. */
async function tracesIn(
  store: TraceStore,
): Promise<readonly { readonly workspace: string; readonly traceId: string }[]> {
  const found: { workspace: string; traceId: string }[] = [];
  let after: string | undefined;
  do {
    const { traces, next } = await store.dumpTraces(after, 100);
    found.push(...traces.map(({ workspace, traceId }) => ({ workspace, traceId })));
    after = next;
  } while (after !== undefined);
  return found.toSorted((a, b) => (`${a.workspace} ${a.traceId}` < `${b.workspace} ${b.traceId}` ? -1 : 1));
}

/**
 * All that readers of a store can be told, but for what depends on how it packs, and on when ClickHouse has last
 * changed a list: each trace as it is read with its payload, its twins, each experiment, and each list.
 */
export async function everythingIn(store: TraceStore): Promise<unknown> {
  const traces = await tracesIn(store);
  const experiments = await store.dumpExperiments(undefined, 1000);
  const workspaces = [...new Set([...traces, ...experiments].map(({ workspace }) => workspace))].toSorted();
  const read: unknown[] = [];
  for (let from = 0; from < traces.length; from += READS_MAX) {
    const some = traces.slice(from, from + READS_MAX);
    read.push(...(await Promise.all(some.map((trace) => readsOf(store, trace)))));
  }
  const lists: unknown[] = [];
  for (const workspace of workspaces) {
    const own = await store.listExperiments(workspace, 1000, undefined);
    const scopes = [
      ...own.map(({ id }) => ({ kind: "experiments", ids: [BigInt(id)] }) as const),
      { kind: "pending" } as const,
    ];
    for (const scope of scopes) lists.push(await idsOf(store, workspace, scope));
    lists.push(own.map(({ storedBytes: _, updateTime: __, ...told }) => told));
  }
  return JSON.parse(textOf({ read, lists }));
}

async function readsOf(store: TraceStore, { workspace, traceId }: { workspace: string; traceId: string }) {
  const [whole, twins] = await Promise.all([
    store.getTrace(workspace, traceId, true),
    store.listTwins(workspace, traceId, 50, undefined),
  ]);
  return { workspace, whole, twins: { ...twins, traces: twins?.traces.map((twin) => twin.traceId) } };
}

async function idsOf(
  store: TraceStore,
  workspace: string,
  scope: Parameters<TraceStore["searchTraces"]>[1]["scope"],
): Promise<readonly string[]> {
  const ids: string[] = [];
  let after: Parameters<TraceStore["searchTraces"]>[3];
  do {
    const order = { by: "start", descending: true } as const;
    const page = await store.searchTraces(workspace, { scope, filter: undefined, order }, 500, after);
    ids.push(...page.traces.map(({ traceId }) => traceId));
    after = page.next;
  } while (after !== undefined);
  return ids;
}
