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
import { BUSY_MS, openForWriting } from "./open-database.ts";
import type { RolledHour } from "./rollup-table.ts";

/** What the thread is started with. */
export interface WriterOptions extends CommitOptions {
  readonly path: string;
  readonly cacheBytes: number;
}

/** A request to write, as it goes to the thread. */
export type SqliteWrite =
  | WaitingWrite
  | { readonly kind: "forwards"; readonly removal: ForwardRemoval }
  | { readonly kind: "rollups"; readonly hours: readonly RolledHour[] };
/** What became of it. */
export type SqliteOutcome =
  | WriteOutcome
  | { readonly kind: "forwards"; readonly removed: Trimmed }
  | { readonly kind: "rollups" };

/** SQLite's primary result codes that mean that nothing can be written for now: busy, read-only, I/O error, full, cannot open. */
const WRITE_REFUSED = new Set([5, 8, 10, 13, 14]);

const writerOptions: z.ZodType<WriterOptions> = commitOptions.extend({ path: z.string(), cacheBytes: z.number() });

const { path, cacheBytes, traceSpansMax, routes } = writerOptions.parse(workerData);
const db = openForWriting(path, cacheBytes, (moving) => tellNote(moving));
const tables = openCommitTables(db);
const eraseSome = openEraser(db);
const commit = createCommit(tables, traceSpansMax, routes);
serveWriter<SqliteWrite, SqliteOutcome, "erase", EraseOutcome>({
  commit(writes, nowMs) {
    const start = performance.now();
    const results = commitAll(writes, nowMs);
    return { results, durationMs: performance.now() - start, ...commit.takeCount() };
  },
  perform: () => (eraseSome() ? "more" : eraseStep(db, BUSY_MS)),
  routeBy: commit.routeBy,
  close: () => db.close(),
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
    case "rollups":
      tables.rollups.store(write.hours);
      return { kind: "rollups" };
    default:
      return applyWrite(commit, readWrite(write), nowMs);
  }
}

function failureOf(error: unknown): WriteResult<never> & { readonly ok: false } {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  return { ok: false, reason: WRITE_REFUSED.has(code) ? "full" : "failed", message: wordsOf(error) };
}
