import { setTimeout as pause } from "node:timers/promises";
import type { ForwardRoutes } from "../../core/forwarding/forward-routes.ts";
import { applyWrite, type Write, type WriteOutcome } from "../commit/apply-write.ts";
import { createCommit } from "../commit/commit.ts";
import type { CommitOptions } from "../commit/commit-options.ts";
import { createKnownTraces } from "../commit/known-traces.ts";
import { readWrite, type WaitingWrite } from "../commit/read-write.ts";
import { wordsOf } from "../commit/serve-writer.ts";
import type { Committed, WriteResult } from "../commit/write-queue.ts";
import type { StoreEvent } from "../trace-store.ts";
import type { CommitDatabase } from "./database.ts";
import { createFacetKeys } from "./facet-keys.ts";
import { type FailureKind, failureKindOf, type RetryReason } from "./failures.ts";
import { type FlushOptions, flush } from "./flush.ts";
import type { Held } from "./held.ts";
import { createHeldTables } from "./held-tables.ts";
import { createIdBlocks } from "./id-blocks.ts";
import { type KnownSpans, load } from "./load.ts";
import { packLarge } from "./pack-large.ts";
import type { Partitions } from "./partitions.ts";
import { touchedBy } from "./touched.ts";
import { nextVersionOf } from "./write-traces.ts";

/** Hears how commits go. */
export interface CommitObserver {
  /** A commit is tried again. */
  retried(reason: RetryReason): void;
  /** Commits fail for now, since the database is away; or they do not any more. */
  isAway(away: boolean): void;
}

/** Who carries writes out in a database. */
export interface PostgresCommitter {
  commit(writes: readonly WaitingWrite[], nowMs: number): Promise<Committed<WriteOutcome>>;
  /** Forwards by other routes what is stored from the next commit on. */
  routeBy(routes: ForwardRoutes): void;
}

/** How long a commit is tried again before its callers are told, in milliseconds: they wait, and try again themselves. */
const RETRY_FOR_MS = 10_000;
const RETRY_MIN_MS = 20;
const RETRY_MAX_MS = 1000;
/** How many writers add sizes up without waiting for each other. */
const SLOTS = 32;
/** Held by every transaction that changes traces, shared: so who follows changes knows whom to wait for. */
export const CHANGES_LOCK = 7_479_200_002n;

/** What writes that are tried one by one have come to. */
interface CountSoFar {
  readonly events: Map<StoreEvent, number>;
  readonly adoptionWaitsMs: number[];
}

/**
 * Carries writes out in a database: everything they may touch is read and locked in a few statements, the rules run in
 * memory, and what they came to is written in a few more. So a round trip costs the same for one write and for a
 * thousand.
 *
 * What fails for a reason that passes is done again, from the beginning; so is a commit that nobody knows the end of,
 * since its connection broke: what is written twice changes nothing.
 */
export function createCommitter(
  database: CommitDatabase,
  partitions: Partitions,
  { traceSpansMax, routes: routesAtFirst }: CommitOptions,
  observer: CommitObserver,
): PostgresCommitter {
  let routes = routesAtFirst;
  const known = createKnownTraces<KnownSpans>(({ spans }) => spans.byId.size);
  const refs = createIdBlocks("trace_refs");
  const chunkIds = createIdBlocks("chunk_ids");
  const flushing: FlushOptions = { slot: Math.floor(Math.random() * SLOTS), facetKeyOf: createFacetKeys() };

  async function attempt(writes: readonly Write[], nowMs: number) {
    const touched = touchedBy(writes);
    await partitions.ensure(touched.days, nowMs);
    const done = await database.commit(async (connection) => {
      await connection.write("SELECT pg_advisory_xact_lock_shared($1)", [CHANGES_LOCK]);
      const ids = {
        refs: [...(await refs.take(connection, touched.traces.size))],
        chunkIds: [...(await chunkIds.take(connection, touched.batches))],
      };
      const held = await load(connection, touched, ids, known);
      const { tables, changes } = createHeldTables(held, packLarge, known.forget);
      const commit = createCommit(tables, traceSpansMax, routes);
      commit.begin();
      const outcomes = writes.map((write) => applyWrite(commit, write, nowMs));
      commit.sumUp(nowMs);
      await flush(connection, held, changes, flushing);
      return { outcomes, held, ...commit.takeCount() };
    });
    remember(done.held);
    return done;
  }

  function remember(held: Held): void {
    for (const trace of held.byRef.values()) {
      const { ref, spans, summary, sealed } = trace;
      // A full trace does not change any more, but for its link.
      if (spans === undefined || sealed || (summary ?? trace.version) === 0) continue;
      for (const chunk of spans.chunks.values())
        Object.assign(chunk, { spans: undefined, payload: undefined, changed: false });
      known.remember(ref, { version: summary === undefined ? trace.version : nextVersionOf(trace), spans });
    }
  }

  async function commitAll(
    writes: readonly Write[],
    nowMs: number,
    { events, adoptionWaitsMs }: CountSoFar,
  ): Promise<readonly WriteResult<WriteOutcome>[]> {
    const startMs = performance.now();
    for (let tries = 0; ; tries += 1) {
      try {
        const done = await attempt(writes, nowMs);
        observer.isAway(false);
        for (const [event, times] of done.events) events.set(event, (events.get(event) ?? 0) + times);
        adoptionWaitsMs.push(...done.adoptionWaitsMs);
        return done.outcomes.map((outcome) => ({ ok: true, outcome }));
      } catch (error) {
        const failure = failureKindOf(error);
        if (failure.kind === "again" && performance.now() - startMs < RETRY_FOR_MS) {
          observer.retried(failure.reason);
          if (failure.reason === "connection" || failure.reason === "timeout") observer.isAway(true);
          await pause(waitMsOf(tries));
          continue;
        }
        if (failure.kind !== "failed" || writes.length === 1) return writes.map(() => resultOf(failure, error));
        // A bug of ours, in one of them: each is tried alone, so that the others are stored.
        const alone: WriteResult<WriteOutcome>[] = [];
        for (const write of writes) alone.push(...(await commitAll([write], nowMs, { events, adoptionWaitsMs })));
        return alone;
      }
    }
  }

  return {
    async commit(writes, nowMs) {
      const start = performance.now();
      const count: CountSoFar = { events: new Map(), adoptionWaitsMs: [] };
      const results = await commitAll(writes.map(readWrite), nowMs, count);
      return { results, durationMs: performance.now() - start, ...count };
    },
    routeBy(others) {
      routes = others;
    },
  };
}

function resultOf({ kind }: FailureKind, error: unknown): WriteResult<WriteOutcome> {
  return { ok: false, reason: kind === "failed" ? "failed" : "full", message: wordsOf(error) };
}

/** Full jitter, so that those who got in each other's way do not again. */
function waitMsOf(tries: number): number {
  return Math.random() * Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(tries, 10));
}
