import cluster from "node:cluster";
import { Registry } from "prom-client";
import { onProcessEnd, type RunningService } from "#lib/lifecycle.ts";
import type { Logger } from "#lib/logger.ts";
import type { Readiness } from "#lib/service-report.ts";
import { addedMetrics, type Figures, figuresOf, lastingFigures } from "./added-metrics.ts";
import { addedReadiness, readinessOf } from "./added-readiness.ts";
import type { Answers } from "./questions.ts";
import { countWorkers } from "./worker-metrics.ts";
import { WorkerSlot } from "./worker-slot.ts";

/** What a primary starts. */
export interface WorkersOptions {
  readonly count: number;
  readonly log: Logger;
  /** What workers may ask of the primary, beside reports: what they must share. */
  readonly shared: Answers;
}

/** How long a worker may take to report, in milliseconds. */
const REPORT_MS = 2_000;

/**
 * Starts a service's workers, each a process that runs this program again, and returns when all take calls. They share
 * their ports: this process takes the connections and hands them to the workers in turn. One that ends is started
 * again. Disposing of it drains them all. Fails when one cannot start; it has then said why on standard error.
 */
export async function startWorkers({ count, log, shared }: WorkersOptions): Promise<RunningService> {
  const workers = new Workers(count, log, shared);
  await using owned = new AsyncDisposableStack();
  owned.use(onProcessEnd(() => workers.kill()));
  owned.defer(() => workers.stop());
  await workers.start();
  log.info({ workers: count, pids: workers.pids }, "all workers are ready");
  const kept = owned.move();
  return { reload: () => workers.reload(), [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

class Workers {
  readonly #slots: readonly WorkerSlot[];
  readonly #registry = new Registry();
  readonly #metrics = countWorkers(this.#registry, () => this.#slots.filter(({ isReady }) => isReady).length);
  /** The last figures of each that runs, and what is left of those that ran. */
  readonly #figures = new Map<WorkerSlot, Figures>();
  #left: Promise<Figures> = Promise.resolve([]);
  #isStarted = false;
  #isStopping = false;

  constructor(count: number, log: Logger, shared: Answers) {
    const answers = {
      ...shared,
      metrics: together(() => this.#figuresText()),
      readiness: together(() => this.#readiness()),
    };
    cluster.setupPrimary({ serialization: "advanced" });
    // In turn, so that each has as many connections as any other.
    cluster.schedulingPolicy = cluster.SCHED_RR;
    this.#slots = Array.from({ length: count }, (_, number) => {
      const slot: WorkerSlot = new WorkerSlot(
        { number, count },
        answers,
        {
          onRestart: () => this.#metrics.restarted(),
          onStartFailed: () => this.#metrics.startFailed(),
          onEnded: () => this.#bury(slot),
        },
        log,
      );
      return slot;
    });
  }

  /** The first alone: what keeps it from starting would keep all, and need be told once. */
  async start(): Promise<void> {
    const [first, ...others] = this.#slots;
    await first?.start();
    await Promise.all(others.map((slot) => slot.start()));
    this.#isStarted = true;
  }

  /** The numbers of their processes. */
  get pids(): readonly (number | undefined)[] {
    return this.#slots.map(({ pid }) => pid);
  }

  reload(): void {
    for (const slot of this.#slots) slot.reload();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const ends = await Promise.allSettled(this.#slots.map((slot) => slot.stop()));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  kill(): void {
    for (const slot of this.#slots) slot.kill();
  }

  async #figuresText(): Promise<string> {
    await Promise.all(
      this.#slots.map(async (slot) => {
        // One that does not answer is shown as it was.
        const told = await slot.ask("metrics", undefined, REPORT_MS).catch(() => undefined);
        if (told !== undefined) this.#figures.set(slot, figuresOf(told));
      }),
    );
    const own = figuresOf(await this.#registry.getMetricsAsJSON());
    return await addedMetrics([...this.#figures.values(), await this.#left, own]).metrics();
  }

  async #readiness(): Promise<Readiness> {
    const listening = await Promise.all(
      this.#slots
        .filter(({ isReady }) => isReady)
        .map(async (slot) => {
          const told = await slot.ask("readiness", undefined, REPORT_MS).catch(() => undefined);
          return told === undefined ? undefined : readinessOf(told);
        }),
    );
    if (this.#isStarted && !this.#isStopping) return addedReadiness(listening, this.#slots.length);
    const why = this.#isStopping
      ? "draining"
      : `starting: ${listening.length} of ${this.#slots.length} workers are ready`;
    return { ready: false, degraded: [why] };
  }

  /** Keeps what the figures of a worker that has ended have come to. */
  #bury(slot: WorkerSlot): void {
    const last = this.#figures.get(slot);
    this.#figures.delete(slot);
    if (last !== undefined) this.#left = this.#left.then((left) => lastingFigures([left, last]));
  }
}

/** Those who ask while an answer is on its way share it. */
function together<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let asking: Promise<Value> | undefined;
  return () => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
}
