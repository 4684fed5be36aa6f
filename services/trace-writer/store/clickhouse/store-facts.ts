import { setTimeout as delay } from "node:timers/promises";
import type { ForwardWaits } from "../commit/forward-waits.ts";
import { unavailable } from "../commit/write-queue.ts";
import { noteEstranged } from "./apply-write.ts";
import type { FactRow, FactTable } from "./fact-table.ts";
import { type TraceId, traceKeyOf } from "./trace-key.ts";
import type { Work } from "./work.ts";
import { isOvertaken, type WorkingTrace } from "./working-trace.ts";

/** So often a commit looks again, since others write the same traces. Then it gives up: it can be written again. */
const ROUNDS_MAX = 20;
/** How long it waits before it looks again, at the most, in milliseconds: two that do the same must not go on so. */
const PAUSE_MS = 10;

/**
 * Stores the facts of a commit, all in one block, and sees to it that the state of every trace it touched holds all
 * facts there are. Whoever writes to a trace at the same moment does the same: of two, the one that looks last has seen
 * both, and lists the trace under a higher version. Returns whether others have written to the same traces.
 */
export async function storeFacts(facts: FactTable, work: Work, waits: ForwardWaits): Promise<boolean> {
  let isContended = false;
  await settleEstranged(facts, work);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const changed = work.traces
      .values()
      .filter(({ hasAdded }) => hasAdded)
      .toArray();
    if (changed.length === 0) return isContended;
    const rows = changed.flatMap((trace) => takeRows(trace, waits));
    await facts.insert(rows);
    const traces = changed.map(({ state }) => state);
    const names = await facts.names(traces);
    const overtaken = changed.filter(({ state }) => isOvertaken(state, names.get(traceKeyOf(state)) ?? []));
    if (overtaken.length === 0) return isContended;
    isContended = true;
    if (round > 0) await delay(Math.random() * PAUSE_MS);
    await readAgain(facts, work, overtaken);
  }
  throw unavailable("Others write to the same traces all the time. Try again later.");
}

/** Undoes links that have become void. Traces that have them may have to be read first. */
async function settleEstranged(facts: FactTable, work: Work): Promise<void> {
  while (work.estranged.length > 0) {
    const estranged = work.estranged.splice(0);
    await loadMissing(
      facts,
      work,
      estranged.map(({ trace }) => trace),
    );
    for (const { trace, from } of estranged) {
      const linked = work.trace(trace.workspace, trace.traceId);
      if (!linked.state.links.has(traceKeyOf(from))) continue;
      linked.add({ content: { kind: "unlink", twin: from } }, trace.traceId);
    }
  }
}

async function loadMissing(facts: FactTable, work: Work, traces: readonly TraceId[]): Promise<void> {
  const missing = new Map(traces.map((trace) => [traceKeyOf(trace), trace] as const));
  for (const key of work.traces.keys()) missing.delete(key);
  work.load(await facts.states([...missing.values()]));
}

async function readAgain(facts: FactTable, work: Work, overtaken: readonly WorkingTrace[]): Promise<void> {
  const states = await facts.states(overtaken.map(({ state }) => state));
  for (const trace of overtaken) {
    const state = states.get(traceKeyOf(trace.state));
    if (state === undefined) continue;
    trace.state = state;
    noteEstranged(work, trace);
    // A higher version than any that others have listed it under without having seen what is here.
    trace.add({ content: { kind: "listing" } }, state.traceId);
  }
  await settleEstranged(facts, work);
}

function takeRows(trace: WorkingTrace, waits: ForwardWaits): readonly FactRow[] {
  const rows = trace.takeAdded();
  for (const { id, content, bytes } of rows) {
    if (content.kind !== "full" && content.kind !== "mirror" && content.kind !== "spans") continue;
    const stored = content.rows.filter((row) => row !== undefined);
    const [first] = stored;
    if (first !== undefined) waits.noteStored(trace.ref, id, first.origin, stored.length, bytes);
  }
  return rows;
}
