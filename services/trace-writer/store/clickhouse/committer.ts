import { ServiceError } from "#lib/service-error.ts";
import type { ForwardRoutes } from "../../core/forwarding/forward-routes.ts";
import { adoptionWaitMsOf } from "../../core/traces/adoption-wait.ts";
import type { Write, WriteOutcome } from "../commit/apply-write.ts";
import { createForwardWaits, type ForwardWaits } from "../commit/forward-waits.ts";
import { readWrite, type WaitingWrite } from "../commit/read-write.ts";
import type { Committer, WriteResult } from "../commit/write-queue.ts";
import type { StoreEvent } from "../trace-store.ts";
import { applyWrite, settledOutcomeOf } from "./apply.ts";
import { lookUp, tracesOf } from "./asked-traces.ts";
import type { ListPlace } from "./fact.ts";
import type { NewForward } from "./forward-table.ts";
import type { Tables } from "./open-tables.ts";
import { storeFacts } from "./store-facts.ts";
import { type TraceId, traceKeyOf } from "./trace-key.ts";
import { mapInTurns } from "./turns.ts";
import { Work } from "./work.ts";
import type { WorkingTrace } from "./working-trace.ts";

export interface CommitterOptions {
  /** Of an agent's spans no more are stored under a trace. */
  readonly traceSpansMax: number;
  readonly routes: ForwardRoutes;
}

/** Commits writes to a ClickHouse, one commit after the other. */
export interface FactCommitter extends Committer<WaitingWrite, WriteOutcome> {
  /**
   * Finishes what a commit has left half-way, of this process or another: lists traces as their facts have them, and
   * puts them in wait to be forwarded, whole. Those that lists have already as they are stay as they are.
   */
  finish(traces: readonly TraceId[], nowMs: number): Promise<void>;
  /** Forwards by other routes what is stored from the next commit on. */
  routeBy(routes: ForwardRoutes): void;
}

/**
 * A commit: reads all facts of the traces it touches, settles in memory what becomes of its writes, adds their facts in
 * one block, looks whether others wrote to the same traces meanwhile, and lists the traces anew in one block. What was
 * written counts from its facts on; readers of a trace see it then, those of lists a moment later, the writer is told
 * after both.
 */
export function createCommitter(tables: Tables, { traceSpansMax, ...options }: CommitterOptions): FactCommitter {
  let { routes } = options;
  const workOn = async (traces: readonly TraceId[], nowMs: number) => {
    const distinct = new Map(traces.map((trace) => [traceKeyOf(trace), trace]));
    const [experiments, states] = await Promise.all([
      tables.experiments.read(),
      tables.facts.states([...distinct.values()]),
    ]);
    const work = new Work(experiments, nowMs, traceSpansMax);
    work.load(states);
    return work;
  };
  const store = async (work: Work) => {
    const waits = createForwardWaits(routes);
    await noteMirrors(tables, work, waits);
    await tables.experiments.insert(work.experiments.takeChanged());
    const isContended = await storeFacts(tables.facts, work, waits);
    await publish(tables, work, waits);
    return isContended;
  };
  /** Traces of commits that have failed: what became of them nobody knows. */
  const unfinished = new Map<string, TraceId>();
  const finish = async (traces: readonly TraceId[], nowMs: number) => {
    const work = await workOn(traces, nowMs);
    const listed = await tables.listings.versions(
      work.traces
        .values()
        .flatMap((trace) => placedOf(trace))
        .toArray(),
    );
    for (const [key, trace] of work.traces) {
      if ((listed.get(key) ?? -1n) >= trace.state.version) continue;
      trace.isRevised = true;
      trace.isUnfinished = true;
    }
    await store(work);
  };
  const carryOut = async (writes: readonly Write[], nowMs: number) => {
    if (unfinished.size > 0) await finish([...unfinished.values()], nowMs);
    unfinished.clear();
    const found = await Promise.all(
      writes.map(async (write) => [write, await lookUp(tables.listings, write)] as const),
    );
    const work = await workOn(
      found.flatMap(([write, lists]) => tracesOf(write, lists)),
      nowMs,
    );
    const outcomes = found.map(([write, lists]) => [write, applyWrite(work, write, lists)] as const);
    const isContended = await store(work).catch((cause: unknown) => {
      for (const [key, { state }] of work.traces) {
        unfinished.set(key, { workspace: state.workspace, traceId: state.traceId });
      }
      throw cause;
    });
    const settled = outcomes.map(([write, outcome]) =>
      isContended ? settledOutcomeOf(work, write, outcome) : outcome,
    );
    return { outcomes: settled, events: work.events, adoptionWaitsMs: work.adoptionWaitsMs };
  };
  const commitAll = async (
    writes: readonly WaitingWrite[],
    nowMs: number,
    count: CountSoFar,
  ): Promise<readonly WriteResult<WriteOutcome>[]> => {
    try {
      const { outcomes, events, adoptionWaitsMs } = await carryOut(await mapInTurns(writes, readWrite), nowMs);
      for (const [event, times] of events) count.events.set(event, (count.events.get(event) ?? 0) + times);
      count.adoptionWaitsMs.push(...adoptionWaitsMs);
      return outcomes.map((outcome) => ({ ok: true, outcome }));
    } catch (error) {
      const isPassing = error instanceof ServiceError && error.kind === "unavailable";
      const reason = isPassing ? "full" : "failed";
      if (isPassing || writes.length === 1) return writes.map(() => ({ ok: false, reason, message: wordsOf(error) }));
      // A bug of ours, in one of them: each is tried alone, so that the others are stored.
      const alone: WriteResult<WriteOutcome>[] = [];
      for (const write of writes) {
        const last = alone.at(-1);
        // What cannot be written to now is not waited for once for each.
        if (last?.ok === false && last.reason === "full") alone.push(last);
        else alone.push(...(await commitAll([write], nowMs, count)));
      }
      return alone;
    }
  };
  return {
    commitsMax: 1,
    failureWords: "the trace store cannot be written to: does ClickHouse run, and has it room?",
    async commit(writes, nowMs) {
      const began = performance.now();
      const count: CountSoFar = { events: new Map(), adoptionWaitsMs: [] };
      const results = await commitAll(writes, nowMs, count);
      return { results, durationMs: performance.now() - began, ...count };
    },
    finish,
    routeBy(others) {
      routes = others;
    },
  };
}

/** What a commit's attempts have counted. */
interface CountSoFar {
  readonly events: Map<StoreEvent, number>;
  readonly adoptionWaitsMs: number[];
}

async function publish(tables: Tables, work: Work, waits: ForwardWaits): Promise<void> {
  const revised = work.traces
    .values()
    .filter(({ isRevised, state }) => isRevised && state.home !== undefined)
    .toArray();
  const forwards = revised.flatMap((trace) => forwardsOf(work, trace, waits));
  await tables.forwards.add(forwards, work.nowMs);
  work.count("forward_added", forwards.length);
  await tables.listings.publish(
    revised.flatMap((trace) => listingOf(trace)),
    revised.flatMap(({ state, leftPlaces }) =>
      leftPlaces().map((place) => ({ ...namesOf(state), version: state.version, place })),
    ),
  );
  for (const trace of revised) countMove(work, trace);
}

/** Where lists should have a trace. */
function placedOf(trace: WorkingTrace): readonly (TraceId & { readonly place: ListPlace })[] {
  const place = trace.place();
  const { workspace, traceId } = trace.state;
  return place === undefined ? [] : [{ workspace, traceId, place }];
}

/** Mirrors of unfinished traces wait for their destinations, whoever owns the trace. */
async function noteMirrors({ facts }: Tables, work: Work, waits: ForwardWaits): Promise<void> {
  const unfinished = work.traces
    .values()
    .filter(({ isUnfinished, state }) => isUnfinished && !state.sealed)
    .toArray();
  if (unfinished.length === 0) return;
  const bytes = await facts.bytesOfAll(
    unfinished.map(({ state }) => state),
    false,
  );
  for (const { ref, state } of unfinished) {
    const mirrored = state.rows.values().filter(({ row }) => row.origin !== "agent");
    for (const [chunk, rows] of Map.groupBy(mirrored, (placed) => placed.chunk)) {
      const [first] = rows;
      const spans = bytes.get(traceKeyOf(state))?.get(chunk)?.bytes;
      if (first !== undefined && spans !== undefined)
        waits.noteStored(ref, chunk, first.row.origin, rows.length, spans);
    }
  }
}

function listingOf({ state }: WorkingTrace) {
  if (!state.exists) return [];
  const { sealed, storedBytes, version } = state;
  const calls = sealed
    ? state.rows
        .values()
        .map(({ row }) => row)
        .toArray()
    : [];
  return [{ ...namesOf(state), version, summary: state.summary(), sealed, storedBytes, calls }];
}

function namesOf({ workspace, traceId, home = traceId }: WorkingTrace["state"]) {
  return { workspace, traceId, home };
}

function forwardsOf(work: Work, trace: WorkingTrace, waits: ForwardWaits): readonly NewForward[] {
  if (trace.isRestored) return [];
  const { workspace, traceId, rows } = trace.state;
  const experimentId = trace.experimentIdBefore;
  const summedUp = {
    ref: trace.ref,
    workspace,
    experimentId,
    startNs: trace.isUnfinished ? 0n : (trace.before?.startNs ?? 0n),
  };
  return waits.of(summedUp, work.calledNow(trace.owner()), rows.size).map((wait) => ({ workspace, traceId, wait }));
}

function countMove(work: Work, trace: WorkingTrace): void {
  const owner = trace.owner()?.id;
  if (trace.before === undefined || !trace.state.exists || trace.experimentIdBefore === owner) return;
  const isAdopted = trace.experimentIdBefore === undefined;
  work.count(isAdopted ? "trace_adopted" : "trace_moved");
  const rows = trace.state.rows.values().map(({ row }) => row);
  const waitMs = isAdopted ? adoptionWaitMsOf(rows, work.nowMs) : undefined;
  if (waitMs !== undefined) work.adoptionWaitsMs.push(waitMs);
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
