import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { ServiceError } from "#lib/service-error.ts";
import { type MoveEvent, type MoveRequest, moveRequest, type StoreTold } from "#lib/tasks/move-task.ts";
import { startStore } from "../store/start-store.ts";
import type { TraceStore } from "../store/trace-store.ts";
import { compareStores } from "./compare-stores.ts";
import { MoveError } from "./move-error.ts";
import { type Moved, type MoveState, moveStateIn } from "./move-state.ts";
import { moveExperiments, moveTraces } from "./move-traces.ts";

/**
 * Moves everything from one store to another, in a thread that `twinspan store migrate` starts. Any message ends it, at
 * the end of what it is at.
 */

const port = parentPort;
if (port === null) throw new Error("migrate-worker.ts runs as a worker thread");
const stop = new AbortController();
port.once("message", () => stop.abort());
const tell = (event: MoveEvent) => port.postMessage(event);

try {
  await run(moveRequest.parse(workerData));
  tell({ kind: "done" });
} catch (error) {
  if (stop.signal.aborted) tell({ kind: "stopped" });
  else if (error instanceof MoveError) tell({ kind: "failed", message: error.message });
  else if (error instanceof ServiceError) tell({ kind: "failed", message: failureText(error) });
  else throw error;
} finally {
  port.close();
}

/** A store that is away, or full: what is moved so far is moved. */
function failureText({ message, cause }: ServiceError): string {
  const why = cause instanceof Error ? ` (${cause.message.split("\n", 1)[0]})` : "";
  return `${message}${why} The same command goes on where it was.`;
}

async function run(request: MoveRequest): Promise<void> {
  await using opened = new AsyncDisposableStack();
  checkPlaces(request);
  const source = await open(request.source, opened);
  const target = await open(request.target, opened);
  if (source.place === target.place) throw new MoveError(`${source.place} is both: name two stores.`);
  tell({ kind: "opened", source: await toldOf(source), target: await toldOf(target) });
  switch (request.task) {
    case "count":
      return;
    case "compare":
      // Awaited here: the stores are closed when this function ends.
      return await compare(source.store, target.store);
    case "move":
      return await moveBetween(source, target, request);
  }
}

async function moveBetween(source: OpenStore, target: OpenStore, request: MoveRequest): Promise<void> {
  const { destinations, leavesWaiting, stateDirectory } = request;
  if (!leavesWaiting) await checkWaiting(source.store, destinations);
  const state = moveStateIn(stateDirectory, source.place, target.place);
  if (request.restarts) await state.forget();
  await move(source.store, target.store, state);
}

/** A file that is not there would be made, and the move of nothing would go well. */
function checkPlaces({ source, target }: MoveRequest): void {
  const files = [source, target].map(({ store: { use, sqlite } }) =>
    use === "sqlite" ? resolve(sqlite.path) : undefined,
  );
  const [from, to] = files;
  if (from !== undefined && !existsSync(from)) throw new MoveError(`There is no file ${from}.`);
  if (from !== undefined && from === to) throw new MoveError(`${from} is both: name two stores.`);
}

interface OpenStore {
  readonly store: TraceStore;
  readonly place: string;
}

/** Nothing that is moved is forwarded again. */
async function open(settings: MoveRequest["source"], opened: AsyncDisposableStack): Promise<OpenStore> {
  const deaf = { committed: () => {}, failed: () => {} };
  const observers = { observer: deaf, postgres: () => ({ retried: () => {}, watchConnections: () => {} }) };
  try {
    const { store, place } = await startStore(settings, new Map(), observers);
    return { store: opened.use(store), place: settings.store.use === "sqlite" ? resolve(place) : place };
  } catch (cause) {
    throw new MoveError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

async function toldOf({ store, place }: OpenStore): Promise<StoreTold> {
  const { traces, bytes } = await store.sizeOfAll();
  return { place, traces: Number(traces), bytes: Number(bytes) };
}

async function checkWaiting({ forwards }: TraceStore, destinations: readonly string[]): Promise<void> {
  for (const destination of destinations) {
    const { items } = await forwards.waiting(destination);
    if (items === 0) continue;
    throw new MoveError(
      `${items} items of the source wait to be forwarded to ${destination}, and are not moved. Start its trace-writer and let it send them, or give them up with --leave-waiting.`,
    );
  }
}

async function move(source: TraceStore, target: TraceStore, state: MoveState): Promise<void> {
  const begun = await begunIn(target, state);
  // A target that is used already may have renamed some since they were moved.
  const [conflict] = begun === undefined ? await moveExperiments(source, target, stop.signal) : [];
  if (conflict !== undefined) {
    const { experiment, there } = conflict;
    throw new MoveError(
      `Experiment ${experiment.id} ("${experiment.name}") of workspace ${experiment.workspace} cannot be moved: the target has experiment ${there.id} ("${there.name}") of workspace ${there.workspace}. Move into an empty store, or give one of the two another name.`,
    );
  }
  let { traces, bytes } = begun ?? { traces: 0, bytes: 0 };
  const before = traces;
  tell({ kind: "moved", traces, bytes, before });
  for await (const page of moveTraces(source, target, begun?.next, stop.signal)) {
    traces += page.traces;
    bytes += page.bytes;
    if (page.next === undefined) await state.forget();
    else await state.write({ next: page.next, traces, bytes });
    tell({ kind: "moved", traces, bytes, before });
  }
}

/** How far it has come; not at all, where the target holds less than was moved: then it is another one at the same place. */
async function begunIn(target: TraceStore, state: MoveState): Promise<Moved | undefined> {
  const begun = await state.read();
  const { traces } = await target.sizeOfAll();
  return begun !== undefined && traces >= begun.traces ? begun : undefined;
}

async function compare(source: TraceStore, target: TraceStore): Promise<void> {
  let different = 0;
  for await (const step of compareStores(source, target, stop.signal)) {
    different += step.different.length;
    for (const what of step.different) tell({ kind: "different", what });
    tell({ kind: "compared", traces: step.traces, different });
  }
}
