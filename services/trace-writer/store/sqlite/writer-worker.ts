import type { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { z } from "zod";
import type { ForwardRoutes } from "../../core/forward-routes.ts";
import { applyWrite, type Write, type WriteOutcome } from "../commit/apply-write.ts";
import { createCommit } from "../commit/commit.ts";
import type { Committed, WriteResult } from "../commit/write-queue.ts";
import type { Trimmed } from "../forward-queue.ts";
import { openCommitTables } from "./commit-tables.ts";
import { type EraseOutcome, eraseStep } from "./erase-step.ts";
import type { ForwardRemoval } from "./forward-table.ts";
import { BUSY_MS, openForWriting } from "./open-database.ts";

/** What the thread is started with. */
export interface WriterOptions {
  readonly path: string;
  readonly cacheBytes: number;
  /** How many spans a trace has at the most; beyond it agents' spans are rejected. */
  readonly traceSpansMax: number;
  /** Where what is stored is to be forwarded. */
  readonly routes: ForwardRoutes;
}

/** A request to write, as it goes to the thread. */
export type SqliteWrite = Write | { readonly kind: "forwards"; readonly removal: ForwardRemoval };
/** What became of it. */
export type SqliteOutcome = WriteOutcome | { readonly kind: "forwards"; readonly removed: Trimmed };

/** What the thread is asked: to carry writes out in one commit, to take a step of erasing, or to close the file and end. */
export type WriterRequest =
  | { readonly kind: "commit"; readonly writes: readonly SqliteWrite[]; readonly nowMs: number }
  | { readonly kind: "erase" }
  | { readonly kind: "close" };

/** What it answers, in order: that the file is open, what became of each write, how far erasing has come. */
export type WriterReply =
  | { readonly kind: "opened" }
  | ({ readonly kind: "committed" } & Committed<SqliteOutcome>)
  | { readonly kind: "erased"; readonly result: EraseResult };

/** How far erasing has come, or why it has not. */
export type EraseResult =
  | { readonly ok: true; readonly outcome: EraseOutcome }
  | { readonly ok: false; readonly message: string };

/** SQLite's primary result codes that mean that nothing can be written for now: busy, read-only, I/O error, full, cannot open. */
const WRITE_REFUSED = new Set([5, 8, 10, 13, 14]);

const names = z.array(z.string());
const writerOptions: z.ZodType<WriterOptions> = z.object({
  path: z.string(),
  cacheBytes: z.number(),
  traceSpansMax: z.number(),
  routes: z.map(z.string(), z.object({ mirrors: names, experiments: z.map(z.string(), names) })),
});

const port = parentPort;
if (port === null) throw new Error("writer-worker.ts runs as a worker thread");
const { path, cacheBytes, traceSpansMax, routes } = writerOptions.parse(workerData);
const db = openForWriting(path, cacheBytes);
const tables = openCommitTables(db);
const commit = createCommit(tables, traceSpansMax, routes);
const reply = (message: WriterReply) => port.postMessage(message);
port.on("message", (request: WriterRequest) => {
  if (request.kind === "close") {
    db.close();
    port.close();
    return;
  }
  if (request.kind === "erase") {
    reply({ kind: "erased", result: tryToErase(db) });
    return;
  }
  const start = performance.now();
  const results = commitAll(request.writes, request.nowMs);
  reply({ kind: "committed", results, durationMs: performance.now() - start, events: commit.takeEvents() });
});
reply({ kind: "opened" });

/**
 * Carries writes out in one transaction. Where one of them fails for a reason of its own, that is a bug of ours: they are
 * tried one by one, so that the others are stored.
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
  return write.kind === "forwards"
    ? { kind: "forwards", removed: tables.forwards.remove(write.removal) }
    : applyWrite(commit, write, nowMs);
}

function tryToErase(db: DatabaseSync): EraseResult {
  try {
    return { ok: true, outcome: eraseStep(db, BUSY_MS) };
  } catch (error) {
    return { ok: false, message: failureOf(error).message };
  }
}

function failureOf(error: unknown): WriteResult<never> & { readonly ok: false } {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  return { ok: false, reason: WRITE_REFUSED.has(code) ? "full" : "failed", message };
}
