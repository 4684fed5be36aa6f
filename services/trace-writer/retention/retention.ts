import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "#lib/logger.ts";
import type { KeptByExperiment } from "../core/retention/kept-traces.ts";
import type { KeptTraces, TrimReason } from "../core/retention/retention.ts";
import type { TraceStore } from "../store/trace-store.ts";

/** Hears what retention does. */
export interface RetentionObserver {
  deleted(reasons: readonly TrimReason[]): void;
  /** A run has looked at everything. */
  ended(): void;
}

export interface RetentionOptions {
  readonly everyMs: number;
  readonly limits: KeptByExperiment;
  /** Whose traces are looked at, asked before each run. */
  readonly workspaces: () => readonly string[];
  readonly nowMs: () => number;
}

/** How many traces are deleted in one commit at the most: what is written meanwhile waits for it. */
const STEP = 50;
const EXPERIMENTS_PAGE = 1000;

/**
 * Deletes what is beyond the limits of its experiment, again and again, in small steps with pauses as long as the steps
 * took: the writer has half of its time for writes at the least. A run that deletes something is one line in the log;
 * one that fails is another, and the next one begins anew.
 */
export function startRetention(
  store: Pick<TraceStore, "trimTraces" | "listLimits">,
  options: RetentionOptions,
  observer: RetentionObserver,
  log: Logger,
): AsyncDisposable {
  const stop = new AbortController();
  const running = runs(store, options, observer, log, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

async function runs(
  store: Pick<TraceStore, "trimTraces" | "listLimits">,
  { everyMs, limits, workspaces, nowMs }: RetentionOptions,
  observer: RetentionObserver,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const startMs = performance.now();
    const deleted: Record<TrimReason, number> = { age: 0, count: 0, bytes: 0 };
    try {
      for (const workspace of workspaces()) {
        for await (const [experimentId, kept] of keptIn(store, workspace, limits, nowMs())) {
          for await (const reasons of trim(store, workspace, experimentId, kept, signal)) {
            for (const reason of reasons) deleted[reason] += 1;
            observer.deleted(reasons);
          }
        }
      }
      observer.ended();
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, "retention has failed; it is tried again");
    }
    if (Object.values(deleted).some((traces) => traces > 0)) {
      log.info({ ...deleted, durationMs: Math.round(performance.now() - startMs) }, "retention has deleted traces");
    }
    await pause(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Every experiment that has limits, and undefined for the pending traces where they have. */
async function* keptIn(
  store: Pick<TraceStore, "listLimits">,
  workspace: string,
  limits: KeptByExperiment,
  nowMs: number,
): AsyncGenerator<readonly [bigint | undefined, KeptTraces]> {
  const pending = limits.kept(workspace, undefined, nowMs);
  if (pending !== undefined) yield [undefined, pending];
  let after: bigint | undefined;
  for (;;) {
    const page = await store.listLimits(workspace, EXPERIMENTS_PAGE, after);
    for (const experiment of page) {
      const kept = limits.kept(workspace, experiment, nowMs);
      if (kept !== undefined) yield [experiment.id, kept];
      after = experiment.id;
    }
    if (page.length < EXPERIMENTS_PAGE) return;
  }
}

/** Step by step, until there is no more. */
async function* trim(
  store: Pick<TraceStore, "trimTraces">,
  workspace: string,
  experimentId: bigint | undefined,
  kept: KeptTraces,
  signal: AbortSignal,
): AsyncGenerator<readonly TrimReason[]> {
  for (;;) {
    const startMs = performance.now();
    const reasons = await store.trimTraces(workspace, experimentId, kept, STEP, signal);
    if (reasons.length === 0) return;
    yield reasons;
    await pause(performance.now() - startMs, undefined, { signal });
  }
}
