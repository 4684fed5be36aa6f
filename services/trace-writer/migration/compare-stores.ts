import type { TraceStore } from "../store/trace-store.ts";

/** How far the comparison has come. */
export interface Compared {
  readonly traces: number;
  /** What is not read the same, in words: of this step alone. */
  readonly different: readonly string[];
}

const PAGE_MAX = 200;
/** So many traces are read at a time, of each store. */
const READS_MAX = 8;
const TWINS_MAX = 100;

/**
 * Compares what readers are told of every experiment and every trace of one store with what another says: each trace
 * with its payload, and its twins. What only the other holds is not looked at.
 */
export async function* compareStores(
  source: TraceStore,
  target: TraceStore,
  signal: AbortSignal,
): AsyncGenerator<Compared, void, undefined> {
  yield { traces: 0, different: await differentExperiments(source, target) };
  let traces = 0;
  let after: string | undefined;
  do {
    const page = await source.dumpTraces(after, PAGE_MAX);
    for (let from = 0; from < page.traces.length; from += READS_MAX) {
      signal.throwIfAborted();
      const some = page.traces.slice(from, from + READS_MAX);
      const found = await Promise.all(
        some.map(async ({ workspace, traceId }) => {
          const [one, other] = await Promise.all([source, target].map((store) => readsOf(store, workspace, traceId)));
          return one === other ? [] : [`trace tr-${traceId} of workspace ${workspace}`];
        }),
      );
      traces += some.length;
      yield { traces, different: found.flat() };
    }
    after = page.next;
  } while (after !== undefined);
}

async function differentExperiments(source: TraceStore, target: TraceStore): Promise<readonly string[]> {
  const different: string[] = [];
  for (let after: bigint | undefined; ; ) {
    const page = await source.dumpExperiments(after, PAGE_MAX);
    after = page.at(-1)?.id;
    if (after === undefined) return different;
    for (const { workspace, id, name } of page) {
      const [one, other] = await Promise.all(
        [source, target].map((store) => store.getExperiment(workspace, { $case: "id", value: id.toString() })),
      );
      const isSame =
        other !== undefined &&
        one?.name === other.name &&
        one.traceCount === other.traceCount &&
        textOf(one.ownRetention ?? null) === textOf(other.ownRetention ?? null) &&
        textOf(one.createTime) === textOf(other.createTime);
      if (!isSame) different.push(`experiment ${id} ("${name}") of workspace ${workspace}`);
    }
  }
}

async function readsOf(store: TraceStore, workspace: string, traceId: string): Promise<string> {
  const [trace, twins] = await Promise.all([
    store.getTrace(workspace, traceId, true),
    store.listTwins(workspace, traceId, TWINS_MAX, undefined),
  ]);
  return textOf({ trace, twins: twins?.traces.map((twin) => twin.traceId) });
}

/** A text that is equal where messages are: the order of a map's entries does not count. */
function textOf(message: unknown): string {
  return JSON.stringify(message, (_key, value: unknown) => {
    if (typeof value === "bigint") return value.toString();
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
