import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Config } from "#lib/config/schema.ts";
import { DEFAULT_PEERS } from "#lib/config/sections/peers.ts";
import type { Logger } from "#lib/logger.ts";
import type { Invocation } from "../core/invocation.ts";
import type { SerializedRecord } from "../core/record.ts";
import { Backlog } from "./backlog.ts";
import {
  type FromWorker,
  NOTHING_SHED,
  type OutboxState,
  SHED_COUNTERS,
  type ShedCounter,
  type ToWorker,
  type WorkerData,
  type Write,
} from "./messages.ts";
import { noteOf } from "./note.ts";

/** Whether a write was committed in time, or its caller went on without it. A late write is committed all the same. */
export type Written = "in_time" | "late";

/**
 * The gateway's outbox: what is in it survives the death of the process, and reaches the trace-writer in the end, once. It
 * never fails a call: what cannot be kept is counted in {@link OutboxState.shed}. Disposing of it ships what waits, as long
 * as `drainMs` allows; the rest is shipped by the next process.
 */
export interface Outbox extends AsyncDisposable {
  /** Notes a call in flight. Resolves when the note is committed, or after `commitWaitMs`. */
  begin(invocation: Invocation): Promise<Written>;
  /** Puts a record in the place of its call's note. Resolves when it is committed, or after `commitWaitMs`. */
  finish(invocation: Invocation, record: SerializedRecord): Promise<Written>;
  /** How the outbox stands, as of a moment ago. */
  state(): OutboxState;
}

/** A write that waits for its commit. */
interface Waiting {
  readonly isRecord: boolean;
  readonly bytes: number;
  readonly settle: (written: Written) => void;
  readonly timer: NodeJS.Timeout;
}

/** Opens the outbox, in a thread of its own. Throws an Error for the operator when its file cannot be had. */
export async function startOutbox(
  {
    outbox: options,
    traceWriter,
    traceWriterKey,
    peerTls: tls,
    peers = DEFAULT_PEERS,
  }: Pick<Config["gateway"], "outbox" | "traceWriter" | "traceWriterKey" | "peerTls"> & Partial<Pick<Config, "peers">>,
  log: Logger,
): Promise<Outbox> {
  const workerData: WorkerData = { options, traceWriter, traceWriterKey, tls, peers };
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData, stdout: false, stderr: false });
  const [first]: readonly FromWorker[] = await once(worker, "message");
  if (first?.kind === "failed") throw new Error(first.reason);
  if (first?.kind === "ready" && first.interrupted > 0) {
    log.warn({ calls: first.interrupted }, "calls of an earlier process were interrupted");
  }
  return new WorkerOutbox(worker, options, log);
}

class WorkerOutbox implements Outbox {
  readonly #worker: Worker;
  readonly #options: Config["gateway"]["outbox"];
  /** Writes that are not posted yet: those of this event-loop turn, and those that came while the thread was committing. */
  #writes: Write[] = [];
  #isCommitting = false;
  /** Writes in the order of their commit; the first is number `#settled`. */
  #waiting: Waiting[] = [];
  #settled = 0;
  readonly #backlog = new Backlog();
  #state: OutboxState = {
    records: 0,
    bytes: 0,
    oldestMs: undefined,
    shipped: 0,
    retries: 0,
    mirrorsRefused: 0,
    shed: NOTHING_SHED,
    trouble: undefined,
  };
  /** Why the thread is gone. Writes are then lost, and counted. */
  #dead: string | undefined;
  #lost = 0;
  readonly #log: Logger;

  constructor(worker: Worker, options: Config["gateway"]["outbox"], log: Logger) {
    this.#worker = worker;
    this.#options = options;
    this.#log = log;
    worker.on("message", (message: FromWorker) => this.#hear(message));
    worker.on("error", (error) => {
      log.error({ err: error }, "the outbox has failed");
      this.#die(error instanceof Error ? error.message : String(error));
    });
  }

  begin(invocation: Invocation): Promise<Written> {
    return this.#write({ kind: "begin", traceId: invocation.traceId, note: noteOf(invocation) });
  }

  finish(invocation: Invocation, { spans, payload }: SerializedRecord): Promise<Written> {
    return this.#write({ kind: "finish", traceId: invocation.traceId, spans, payload });
  }

  state(): OutboxState {
    const shed = sumOf(this.#state.shed, this.#backlog.shed);
    if (this.#dead === undefined) return { ...this.#state, shed };
    shed["record:disk"] += this.#lost;
    return { ...this.#state, shed, trouble: `the outbox has failed: ${this.#dead}` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#dead !== undefined) return;
    this.#isCommitting = false;
    this.#post();
    const ended = once(this.#worker, "exit");
    this.#tell({ kind: "drain", withinMs: this.#options.drainMs });
    await ended;
  }

  #write(wanted: Write): Promise<Written> {
    if (this.#dead !== undefined) {
      if (wanted.kind === "finish") this.#lost += 1;
      return Promise.resolve("late");
    }
    const admitted = this.#backlog.admit(wanted);
    if (admitted === undefined) return Promise.resolve("late");
    const { write, bytes } = admitted;
    if (this.#writes.length === 0) setImmediate(() => this.#post());
    this.#writes.push(write);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve("late"), this.#options.commitWaitMs);
      this.#waiting.push({ isRecord: write.kind === "finish", bytes, settle: resolve, timer });
    });
  }

  /** One batch at a time: what comes while the thread commits is one message, and one commit, for all. */
  #post(): void {
    if (this.#writes.length === 0 || this.#isCommitting) return;
    const writes = this.#writes;
    this.#writes = [];
    this.#isCommitting = true;
    this.#tell({ kind: "write", writes });
  }

  #tell(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #hear(message: FromWorker): void {
    if (message.kind === "state") {
      this.#state = message.state;
      this.#log.debug(message.state, "outbox");
    }
    if (message.kind !== "written") return;
    this.#settle(message.upTo - this.#settled, "in_time");
    this.#isCommitting = false;
    this.#post();
  }

  #settle(count: number, written: Written): void {
    for (const { bytes, settle, timer } of this.#waiting.splice(0, count)) {
      clearTimeout(timer);
      this.#backlog.settled(bytes);
      settle(written);
    }
    this.#settled += count;
  }

  #die(reason: string): void {
    this.#dead = reason;
    this.#lost += this.#waiting.filter(({ isRecord }) => isRecord).length;
    this.#settle(this.#waiting.length, "late");
  }
}

/** What was given up on both sides. */
function sumOf(a: OutboxState["shed"], b: OutboxState["shed"]): Record<ShedCounter, number> {
  const sum = { ...a };
  for (const counter of SHED_COUNTERS) sum[counter] += b[counter];
  return sum;
}
