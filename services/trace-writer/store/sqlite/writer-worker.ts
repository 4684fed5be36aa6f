import type { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { z } from "zod";
import type { ForwardRoutes } from "../../core/forward-routes.ts";
import type { StoreEvent, StoreFailure } from "../trace-store.ts";
import { applyWrite, type Write, type WriteOutcome } from "./apply-write.ts";
import { type Commit, prepareCommits } from "./commit.ts";
import { type EraseOutcome, eraseStep } from "./erase-step.ts";
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

/** What the thread is asked: to carry writes out in one commit, to take a step of erasing, or to close the file and end. */
export type WriterRequest =
  | { readonly kind: "commit"; readonly writes: readonly Write[]; readonly nowMs: number }
  | { readonly kind: "erase" }
  | { readonly kind: "close" };

/** What it answers, in order: that the file is open, what became of each write, how far erasing has come. */
export type WriterReply =
  | { readonly kind: "opened" }
  | {
      readonly kind: "committed";
      readonly results: readonly WriteResult[];
      readonly durationMs: number;
      readonly events: ReadonlyMap<StoreEvent, number>;
    }
  | { readonly kind: "erased"; readonly result: EraseResult };

/** How far erasing has come, or why it has not. */
export type EraseResult =
  | { readonly ok: true; readonly outcome: EraseOutcome }
  | { readonly ok: false; readonly message: string };

/** What became of one write. One that failed has left nothing behind. */
export type WriteResult =
  | { readonly ok: true; readonly outcome: WriteOutcome }
  | { readonly ok: false; readonly reason: Extract<StoreFailure, "full" | "failed">; readonly message: string };

/** SQLite's primary result codes that mean that nothing can be written for now: busy, read-only, I/O error, full, cannot open. */
const WRITE_REFUSED = new Set([5, 8, 10, 13, 14]);

const names = z.array(z.string());
const writerOptions: z.ZodType<WriterOptions> = z.object({
  path: z.string(),
  cacheBytes: z.number(),
  traceSpansMax: z.number(),
  routes: z.object({ mirrors: names, experiments: z.map(z.string(), names) }),
});

const port = parentPort;
if (port === null) throw new Error("writer-worker.ts runs as a worker thread");
const { path, cacheBytes, traceSpansMax, routes } = writerOptions.parse(workerData);
const db = openForWriting(path, cacheBytes);
const commit = prepareCommits(db, traceSpansMax, routes);
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
  const results = commitAll(db, commit, request.writes, request.nowMs);
  reply({ kind: "committed", results, durationMs: performance.now() - start, events: commit.takeEvents() });
});
reply({ kind: "opened" });

/**
 * Carries writes out in one transaction. Where one of them fails for a reason of its own, that is a bug of ours: they are
 * tried one by one, so that the others are stored.
 */
function commitAll(db: DatabaseSync, commit: Commit, writes: readonly Write[], nowMs: number): readonly WriteResult[] {
  try {
    db.exec("BEGIN IMMEDIATE");
    commit.begin();
    const outcomes = writes.map((write) => applyWrite(commit, write, nowMs));
    commit.sumUp(nowMs);
    db.exec("COMMIT");
    return outcomes.map((outcome) => ({ ok: true, outcome }));
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    commit.reset();
    const failure = failureOf(error);
    if (failure.reason === "full" || writes.length === 1) return writes.map(() => failure);
    return writes.flatMap((write) => commitAll(db, commit, [write], nowMs));
  }
}

function tryToErase(db: DatabaseSync): EraseResult {
  try {
    return { ok: true, outcome: eraseStep(db, BUSY_MS) };
  } catch (error) {
    return { ok: false, message: failureOf(error).message };
  }
}

function failureOf(error: unknown): WriteResult & { readonly ok: false } {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  return { ok: false, reason: WRITE_REFUSED.has(code) ? "full" : "failed", message };
}
