import cluster, { type Worker } from "node:cluster";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "#lib/logger.ts";
import { type Answers, Questions } from "./questions.ts";
import { PLACE_VARIABLE } from "./worker-link.ts";
import { placeText, type WorkerPlace } from "./worker-place.ts";

/** How long until a worker that ended is started again: doubled each time that it ends soon. */
const BACKOFF_MS = 100;
const BACKOFF_MAX_MS = 10_000;
/** One that was ready for so long was well. */
const WELL_MS = 10_000;
/** How a process ends that was told to, and had the time. */
const WELL = "status 0";
/** How long a worker may take to say that it heard an order. */
const ORDER_MS = 5_000;
/** How long until one is told again to stop that did not hear it, and how long it may take to say that it did. */
const STOP_AGAIN_MS = 200;

/** Hears of a worker's lives. */
export interface SlotObserver {
  /** It has ended unasked, and is started again. */
  onRestart(): void;
  /** The system had no process for it, or no memory; it is tried again. */
  onStartFailed(): void;
  /** It has ended, asked or not; nothing more comes of it. */
  onEnded(): void;
}

/** What becomes of a process. */
interface Life {
  onReady(): void;
  /** It has ended. */
  onEnded(how: string): void;
  /** There is none: the system could not start it. */
  onStartFailed(error: Error): void;
}

/** The place of one worker: there is a process in it, or one is started again soon, until it is stopped. */
export class WorkerSlot {
  readonly #place: WorkerPlace;
  readonly #answers: Answers;
  readonly #observer: SlotObserver;
  readonly #log: Logger;
  #worker: Worker | undefined;
  #questions: Questions | undefined;
  /** How its process has ended, once it has. */
  #ended: Promise<string> | undefined;
  #readyAtMs: number | undefined;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #isStopping = false;

  /** `answers`: what workers are told by the primary. */
  constructor(place: WorkerPlace, answers: Answers, observer: SlotObserver, log: Logger) {
    this.#place = place;
    this.#answers = answers;
    this.#observer = observer;
    this.#log = log;
  }

  /** Whether its process takes calls. */
  get isReady(): boolean {
    return this.#readyAtMs !== undefined;
  }

  /** Starts the first process. Resolves when it is ready; rejects when it ends instead, and starts no other. */
  start(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const { number } = this.#place;
    let wasReady = false;
    this.#fork({
      onReady() {
        wasReady = true;
        resolve();
      },
      onEnded: (how) => {
        if (wasReady) this.#onEnded(how);
        else reject(new Error(`Worker ${number} ended at its start (${how}). What it said before says why.`));
      },
      onStartFailed: (cause) => reject(new Error(`Worker ${number} cannot be started: ${cause.message}.`, { cause })),
    });
    return promise;
  }

  /** The number of its process. Undefined: there is none now. */
  get pid(): number | undefined {
    return this.#worker?.process.pid;
  }

  /** Asks its process. Rejects when there is none, or it does not answer in time. */
  ask(what: string, body: unknown, withinMs: number): Promise<unknown> {
    if (this.#questions === undefined) return Promise.reject(new Error("the worker is not running"));
    return this.#questions.ask(what, body, withinMs);
  }

  /** Tells its process to read the configuration again. */
  reload(): void {
    this.ask("reload", undefined, ORDER_MS).catch((error: unknown) =>
      this.#log.warn({ err: error, worker: this.#place.number }, "a worker did not hear of a reload"),
    );
  }

  /** Tells its process to drain, and waits for its end. Rejects when that was no good one. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#retry);
    if (this.#worker === undefined) return;
    void this.#tellToStop();
    const how = await this.#ended;
    if (how !== WELL) throw new Error(`Worker ${this.#place.number} ended before it was drained (${how}).`);
  }

  /** Ends its process at once. */
  kill(): void {
    this.#worker?.process.kill("SIGKILL");
  }

  /**
   * Until it hears: one that was just started does not listen yet. One that never hears ends at the drain limit, with
   * its primary.
   */
  async #tellToStop(): Promise<void> {
    while (this.#worker !== undefined) {
      const hasHeard = await this.ask("stop", undefined, STOP_AGAIN_MS).then(
        () => true,
        () => false,
      );
      if (hasHeard) return;
      await delay(STOP_AGAIN_MS, undefined, { ref: false });
    }
  }

  #tellAgain(): void {
    this.#log.info({ worker: this.#place.number, pid: this.pid }, "a worker takes calls again");
  }

  #fork(life: Life): void {
    const worker = this.#newProcess(life);
    if (worker === undefined) return;
    const questions = new Questions(
      (message) => {
        if (worker.isConnected()) worker.send(message, () => {});
      },
      {
        ...this.#answers,
        ready: () => {
          this.#readyAtMs = performance.now();
          life.onReady();
        },
      },
    );
    worker.on("message", (message: unknown) => questions.hear(message));
    const { promise: ended, resolve } = Promise.withResolvers<string>();
    const forget = (how: string) => {
      questions.close();
      this.#worker = undefined;
      this.#questions = undefined;
      resolve(how);
    };
    worker.once("exit", (code: number, signal: string | null) => {
      const how = signal ?? `status ${code}`;
      forget(how);
      this.#observer.onEnded();
      life.onEnded(how);
    });
    worker.on("error", (error) => {
      if (worker.process.pid !== undefined) {
        this.#log.warn({ err: error, worker: this.#place.number }, "a worker is not heard well");
        return;
      }
      forget(WELL);
      // Node keeps what never was where files have run out.
      delete cluster.workers?.[worker.id];
      life.onStartFailed(error);
    });
    this.#worker = worker;
    this.#questions = questions;
    this.#ended = ended;
  }

  /** Some of what a system refuses is thrown; the rest comes as an error of the process. */
  #newProcess(life: Life): Worker | undefined {
    try {
      return cluster.fork({ [PLACE_VARIABLE]: placeText(this.#place) });
    } catch (error) {
      life.onStartFailed(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }

  #onEnded(how: string): void {
    const wasWell = this.#readyAtMs !== undefined && performance.now() - this.#readyAtMs > WELL_MS;
    this.#readyAtMs = undefined;
    if (this.#isStopping) return;
    if (wasWell) this.#failures = 0;
    const inMs = this.#startLater();
    this.#log.warn({ worker: this.#place.number, how, inMs }, "a worker ended, and is started again");
    this.#observer.onRestart();
  }

  #onStartFailed(error: Error): void {
    if (this.#isStopping) return;
    const inMs = this.#startLater();
    this.#log.error({ err: error, worker: this.#place.number, inMs }, "a worker cannot be started, and is tried again");
    this.#observer.onStartFailed();
  }

  /** Returns how long that will take. */
  #startLater(): number {
    this.#failures += 1;
    const inMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** (this.#failures - 1));
    this.#retry = setTimeout(() => {
      this.#fork({
        onReady: () => this.#tellAgain(),
        onEnded: (how) => this.#onEnded(how),
        onStartFailed: (error) => this.#onStartFailed(error),
      });
    }, inMs);
    return inMs;
  }
}
