import type { Config } from "#lib/config/schema.ts";
import { Backlog } from "./backlog.ts";
import { sizeOf, type Write } from "./block.ts";
import { appendWhole, commitWrites, type OutboxParts } from "./committer.ts";
import type { OutboxState } from "./outbox-state.ts";
import type { WaitingRecord } from "./stored-record.ts";
import { messageOf } from "./troubles.ts";

/** Whether a write was committed in time, or its caller went on without it. A late write is committed all the same. */
export type Written = "in_time" | "late";

/** A write that waits for its commit. */
interface Waiting {
  readonly bytes: number;
  readonly dueAt: number;
  readonly settle: (written: Written) => void;
}

/** One block takes no more than this, but always one write. */
const BLOCK_BYTES_MAX = 8 * 1024 * 1024;
/*
 * From so many calls in flight on, the writes of several turns of the event loop are gathered for a block: of so many
 * turns at the most, and of none that begins after so many milliseconds.
 */
const BUSY_CALLS_MIN = 8;
const GATHERED_TURNS_MAX = 3;
const GATHERED_MS_MAX = 5;
/** Where nothing waits and no call is in flight, no more than this is left of what was. */
const IDLE_BYTES_MAX = 1024 * 1024;

/**
 * The way to the disk: the writes of one turn of the event loop, or of a few where many calls are in flight, and those
 * that come while a commit is under way, share a block. The busier it is, the less a write costs.
 */
export class CommitLoop {
  readonly #parts: OutboxParts;
  readonly #options: Pick<Config["gateway"]["outbox"], "bytesMax" | "commitWaitMs">;
  readonly #onCommitted: () => void;
  readonly #backlog = new Backlog();
  /** Writes that are not under way yet. */
  #writes: Write[] = [];
  /** Who waits, in the order of the commits. The first `#late` of them were told that it is late. */
  #waiting: Waiting[] = [];
  #late = 0;
  #lateTimer: NodeJS.Timeout | undefined;
  /** What is to be done between commits. */
  readonly #tasks: (() => Promise<unknown>)[] = [];
  #isMarkDue = false;
  #running: Promise<void> | undefined;

  /** `onCommitted` is called after each commit, and after what is done between two. */
  constructor(
    parts: OutboxParts,
    options: Pick<Config["gateway"]["outbox"], "bytesMax" | "commitWaitMs">,
    onCommitted: () => void,
  ) {
    this.#parts = parts;
    this.#options = options;
    this.#onCommitted = onCommitted;
  }

  /** What was given up before it came to a commit. */
  get shed(): OutboxState["shed"] {
    return this.#backlog.shed;
  }

  /** Resolves when it is committed, or after `commitWaitMs`. */
  write(wanted: Write): Promise<Written> {
    const admitted = this.#backlog.admit(wanted);
    if (admitted === undefined) return Promise.resolve("late");
    const { write, bytes } = admitted;
    this.#writes.push(write);
    this.#start();
    const { commitWaitMs } = this.#options;
    return new Promise((settle) => {
      this.#waiting.push({ bytes, dueAt: performance.now() + commitWaitMs, settle });
      this.#lateTimer ??= setTimeout(() => this.#tellLate(), commitWaitMs);
    });
  }

  /** Says that records wait no more: the next block tells it, which costs nothing, or else the next mark. */
  recordsRemoved(): void {
    this.#isMarkDue = true;
  }

  /** Whether records wait no more that no block has told of. */
  get isMarkDue(): boolean {
    return this.#isMarkDue;
  }

  /** Writes the time, and which records wait no more, with the next block or in one of its own. */
  mark(): void {
    this.#isMarkDue = true;
    this.#start();
  }

  /** Puts the first record behind all others. Answers whether the disk had room for it. */
  requeue({ traceId, told, payload }: WaitingRecord): Promise<boolean> {
    return this.between(async () => {
      const isWritten = await appendWhole(this.#parts, [{ kind: "finish", traceId, told, payload }], Date.now());
      if (!isWritten) return false;
      this.#parts.queue.remove(1);
      this.#isMarkDue = true;
      return true;
    });
  }

  /** Does something between two commits: it has the journal for itself. Settles as it does. */
  between<Value>(task: () => Promise<Value>): Promise<Value> {
    const { promise, resolve } = Promise.withResolvers<Value>();
    this.#tasks.push(() => {
      const done = task();
      resolve(done);
      return done;
    });
    this.#start();
    return promise;
  }

  /** Resolves when nothing waits for a commit. */
  async flush(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    clearTimeout(this.#lateTimer);
  }

  #start(): void {
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#gather();
      const task = this.#tasks.shift();
      if (task !== undefined) await this.#do(task);
      else if (this.#writes.length > 0 || this.#isMarkDue) await this.#commit();
      else break;
    }
    this.#running = undefined;
  }

  /**
   * Waits for the end of the turn; while many calls are in flight and each turn brings more of their writes, for up to
   * two more, or 5 ms: a commit of many costs little more than one of one.
   */
  async #gather(): Promise<void> {
    const untilMs = performance.now() + GATHERED_MS_MAX;
    for (let turn = 1; ; turn += 1) {
      const gathered = this.#writes.length;
      await endOfTurn();
      const isBusy = this.#parts.journal.notes >= BUSY_CALLS_MIN && this.#writes.length > gathered;
      if (!isBusy || turn === GATHERED_TURNS_MAX || performance.now() >= untilMs) return;
    }
  }

  /** Who asked for it hears of its failure. */
  async #do(task: () => Promise<unknown>): Promise<void> {
    await task().catch(() => {});
    this.#onCommitted();
  }

  async #commit(): Promise<void> {
    const { queue, journal } = this.#parts;
    const writes = this.#take();
    this.#isMarkDue = false;
    // The block will say that the records before this one wait no more.
    const needed = queue.firstSegment ?? journal.end.segment;
    const isWritten = await commitWrites(this.#parts, writes, this.#options.bytesMax, Date.now());
    this.#settle(writes.length);
    this.#onCommitted();
    const hasMadeRoom = await this.#tidyUp(needed);
    if (hasMadeRoom && !isWritten) this.#isMarkDue = true;
  }

  #take(): readonly Write[] {
    let bytes = 0;
    let count = 0;
    for (const write of this.#writes) {
      bytes += sizeOf(write);
      if (count > 0 && bytes > BLOCK_BYTES_MAX) break;
      count += 1;
    }
    return this.#writes.splice(0, count);
  }

  #settle(count: number): void {
    for (const { bytes, settle } of this.#waiting.splice(0, count)) {
      this.#backlog.settled(bytes);
      settle("in_time");
    }
    this.#late = Math.max(0, this.#late - count);
  }

  /** One timer for all: they are due in their order. */
  #tellLate(): void {
    this.#lateTimer = undefined;
    const now = performance.now();
    for (const { dueAt, settle } of this.#waiting.slice(this.#late)) {
      if (dueAt > now) {
        this.#lateTimer = setTimeout(() => this.#tellLate(), dueAt - now);
        return;
      }
      settle("late");
      this.#late += 1;
    }
  }

  /**
   * Removes the segments before that one, and answers whether there were any. The disk knows by now that nothing in
   * them waits: after a death they would otherwise be missed. Where it took no word of that, it does once they are
   * gone.
   */
  async #tidyUp(needed: number): Promise<boolean> {
    const { journal, queue, ledger } = this.#parts;
    const isIdle = queue.isEmpty && journal.notes === 0;
    try {
      const { segment } = journal.end;
      if (isIdle && journal.bytes > IDLE_BYTES_MAX) await journal.beginSegment(queue.headAt(Date.now()));
      const hasBegun = journal.end.segment !== segment;
      const hasMadeRoom = await journal.release(hasBegun ? journal.end.segment : needed);
      ledger.filesTrouble = journal.trouble;
      return hasMadeRoom;
    } catch (error) {
      ledger.filesTrouble = `segments of the outbox cannot be removed: ${messageOf(error)}`;
      return false;
    }
  }
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
