import { workerData } from "node:worker_threads";
import { z } from "zod";
import { applyWrite, type WriteOutcome } from "../commit/apply-write.ts";
import { createCommit } from "../commit/commit.ts";
import { type CommitOptions, commitOptions } from "../commit/commit-options.ts";
import { readWrite, type WaitingWrite } from "../commit/read-write.ts";
import { serveWriter, tellNote, wordsOf } from "../commit/serve-writer.ts";
import type { WriteResult } from "../commit/write-queue.ts";
import type { Trimmed } from "../forward-queue.ts";
import { openCommitTables } from "./commit-tables.ts";
import { type EraseOutcome, eraseStep } from "./erase-step.ts";
import { openEraser } from "./erasure-table.ts";
import type { ForwardRemoval } from "./forward-table.ts";
import type { Moving } from "./move-into-batches.ts";
import { BUSY_MS, openForReading, openForWriting } from "./open-database.ts";
import { isRefused } from "./refused.ts";
import { openRollUp, type RollUpOutcome } from "./roll-up-hours.ts";
import type { RolledHour } from "./rollup-table.ts";

/** What the thread is started with. */
export interface WriterOptions extends CommitOptions {
  readonly path: string;
  readonly cacheBytes: number;
}

/** A request to write, as it goes to the thread. */
export type SqliteWrite = WaitingWrite | { readonly kind: "forwards"; readonly removal: ForwardRemoval };
/** What became of it. */
export type SqliteOutcome = WriteOutcome | { readonly kind: "forwards"; readonly removed: Trimmed };

/** What else it is asked, between two commits: a step of erasing, or of adding up what hours came to. */
export type SqliteTask = "erase" | "rollUp";
export type SqliteDone = EraseOutcome | RollUpOutcome;

/** What it tells of itself: how far a file of an older version is moved, and, in words, why something was not added up. */
export type SqliteNote =
  | { readonly kind: "moving"; readonly moving: Moving }
  | { readonly kind: "notAddedUp"; readonly words: string };

/** Who adds hours up walks through the file once. */
const ROLL_UP_CACHE_BYTES = 2 * 1024 * 1024;

const writerOptions: z.ZodType<WriterOptions> = commitOptions.extend({ path: z.string(), cacheBytes: z.number() });

const { path, cacheBytes, traceSpansMax, routes } = writerOptions.parse(workerData);
const db = openForWriting(path, cacheBytes, (moving) => tell({ kind: "moving", moving }));
const tables = openCommitTables(db);
const eraseSome = openEraser(db);
const commit = createCommit(tables, traceSpansMax, routes);
const reading = openForReading(path, ROLL_UP_CACHE_BYTES);
const rollUp = openRollUp(reading, { store: storeRollups, failed: tellFailure });
/** The words of the last failure to add something up: it is told once. */
let told = "";
serveWriter<SqliteWrite, SqliteOutcome, SqliteTask, SqliteDone>({
  commit(writes, nowMs) {
    const start = performance.now();
    const results = commitAll(writes, nowMs);
    return { results, durationMs: performance.now() - start, ...commit.takeCount() };
  },
  perform(task) {
    switch (task) {
      case "erase":
        return eraseSome() ? "more" : eraseStep(db, BUSY_MS);
      case "rollUp":
        return rollUp();
    }
  },
  routeBy: commit.routeBy,
  close() {
    reading.close();
    db.close();
  },
});

/**
 * Carries writes out in one transaction. Where one of them fails for a reason of its own, that is a bug of ours: they
 * are tried one by one, so that the others are stored.
 */
function commitAll(writes: readonly SqliteWrite[], nowMs: number): readonly WriteResult<SqliteOutcome>[] {
  try {
    db.exec("BEGIN IMMEDIATE");
    commit.begin();
    const outcomes = writes.map((write) => apply(write, nowMs));
    commit.sumUp(nowMs);
    db.exec("COMMIT");
    return outcomes.map((outcome) => ({ ok: true, outcome }));
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    commit.reset();
    const failure = failureOf(error);
    if (failure.reason === "full" || writes.length === 1) return writes.map(() => failure);
    return writes.flatMap((write) => commitAll([write], nowMs));
  }
}

function apply(write: SqliteWrite, nowMs: number): SqliteOutcome {
  switch (write.kind) {
    case "forwards":
      return { kind: "forwards", removed: tables.forwards.remove(write.removal) };
    default:
      return applyWrite(commit, readWrite(write), nowMs);
  }
}

function storeRollups(hours: readonly RolledHour[]): void {
  if (hours.length === 0) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    tables.rollups.store(hours);
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function tellFailure(error: unknown): void {
  const words = wordsOf(error);
  if (words !== told) tell({ kind: "notAddedUp", words });
  told = words;
}

function tell(note: SqliteNote): void {
  tellNote(note);
}

function failureOf(error: unknown): WriteResult<never> & { readonly ok: false } {
  return { ok: false, reason: isRefused(error) ? "full" : "failed", message: wordsOf(error) };
}
