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
import { BUSY_MS, openForReading, openForWriting } from "./open-database.ts";
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

/** Who adds hours up walks through the file once. */
const ROLL_UP_CACHE_BYTES = 2 * 1024 * 1024;
/** SQLite's primary result codes that mean that nothing can be written for now: busy, read-only, I/O error, full, cannot open. */
const WRITE_REFUSED = new Set([5, 8, 10, 13, 14]);

const writerOptions: z.ZodType<WriterOptions> = commitOptions.extend({ path: z.string(), cacheBytes: z.number() });

const { path, cacheBytes, traceSpansMax, routes } = writerOptions.parse(workerData);
const db = openForWriting(path, cacheBytes, (moving) => tellNote(moving));
const tables = openCommitTables(db);
const eraseSome = openEraser(db);
const commit = createCommit(tables, traceSpansMax, routes);
const reading = openForReading(path, ROLL_UP_CACHE_BYTES);
const rollUp = openRollUp(reading, storeRollups);
serveWriter<SqliteWrite, SqliteOutcome, SqliteTask, SqliteDone>({
  commit(writes, nowMs) {
    const start = performance.now();
    const results = commitAll(writes, nowMs);
    return { results, durationMs: performance.now() - start, ...commit.takeCount() };
  },
  perform(task) {
    switch (task) {
      case "erase":
        rollUp.leave();
        return eraseSome() ? "more" : eraseStep(db, BUSY_MS);
      case "rollUp":
        return rollUp.perform();
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
  db.exec("BEGIN IMMEDIATE");
  try {
    tables.rollups.store(hours);
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function failureOf(error: unknown): WriteResult<never> & { readonly ok: false } {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  return { ok: false, reason: WRITE_REFUSED.has(code) ? "full" : "failed", message: wordsOf(error) };
}
