import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "#lib/config/schema.ts";
import type { Logger } from "#lib/logger.ts";
import type { Write } from "./block.ts";
import type { CommitLoop } from "./commit-loop.ts";
import { appendWhole, type OutboxParts } from "./committer.ts";
import type { EarlierOutbox } from "./earlier-outbox.ts";
import { interruptedOf } from "./recovery.ts";
import { messageOf } from "./troubles.ts";

/** How long until it is tried again to move what could not be moved, in milliseconds. */
const AGAIN_MS = 10_000;
/**
 * Where more than this part of the bound waits already nothing is moved, since calls of now need the rest: it is looked
 * again so often.
 */
const FILLED_SHARE = 0.5;
const FILLED_WAIT_MS = 200;

/** What an outbox of an earlier version holds that is not moved yet. */
export interface EarlierMove extends AsyncDisposable {
  /** Calls in flight, which become records, among them. */
  readonly records: number;
  readonly bytes: number;
  /**
   * When the oldest of all that it held came, in milliseconds since the Unix epoch. Undefined: nothing of it is left.
   */
  readonly oldestMs: number | undefined;
  /** Why it cannot be moved now. Undefined: it can, or nothing is left. */
  readonly trouble: string | undefined;
}

/** There is nothing to move. */
export const NOTHING_TO_MOVE: EarlierMove = {
  records: 0,
  bytes: 0,
  oldestMs: undefined,
  trouble: undefined,
  async [Symbol.asyncDispose]() {},
};

/**
 * Moves what an earlier version has left, between the commits of calls: its records, and its calls in flight as
 * interrupted. What the disk has no room for, or cannot read, stays where it is and is tried again, by the next process
 * too. A batch that was moved and could not be removed may be delivered again then, which changes nothing.
 */
export function startEarlierMove(
  parts: OutboxParts,
  earlier: EarlierOutbox,
  commits: CommitLoop,
  { path, bytesMax }: Pick<Config["gateway"]["outbox"], "path" | "bytesMax">,
  log: Logger,
): EarlierMove {
  let records = 0;
  let bytes = 0;
  let oldestMs: number | undefined;
  let trouble: string | undefined;
  /** The calls in flight, once they are told. */
  let interrupted: readonly Write[] | undefined;
  let isInterruptedMoved = false;
  const stop = new AbortController();
  try {
    ({ records, bytes, oldestMs } = earlier.waiting);
    records += earlier.notes.length;
  } catch (error) {
    cannot(messageOf(error));
  }
  const running = run();

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      const isDone = await commits.between(step);
      if (isDone) break;
      if (trouble !== undefined) await pause(AGAIN_MS);
      while (!stop.signal.aborted && parts.queue.bytes > bytesMax * FILLED_SHARE) await pause(FILLED_WAIT_MS);
    }
  }

  async function pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: stop.signal }).catch(() => {});
  }

  /** Answers whether nothing is left. */
  async function step(): Promise<boolean> {
    try {
      const batch = earlier.nextBatch();
      if (batch === undefined) return await finish();
      if (!(await appendWhole(parts, batch.records, Date.now()))) return cannot(parts.ledger.diskTrouble);
      records -= batch.records.length;
      bytes -= batch.bytes;
      earlier.removeBatch(batch);
      trouble = undefined;
      return false;
    } catch (error) {
      return cannot(messageOf(error));
    }
  }

  async function finish(): Promise<boolean> {
    interrupted ??= interruptedOf(parts.ledger, earlier.notes, earlier.lastAliveMs);
    if (!isInterruptedMoved && interrupted.length > 0 && !(await appendWhole(parts, interrupted, Date.now()))) {
      return cannot(parts.ledger.diskTrouble);
    }
    isInterruptedMoved = true;
    records = 0;
    oldestMs = undefined;
    earlier.remove();
    trouble = undefined;
    log.info({ path, interrupted: interrupted.length }, "what an earlier version has left is moved");
    return true;
  }

  function cannot(reason: string | undefined): false {
    trouble = `${records} records of an earlier version wait in ${path}, and cannot be moved: ${reason}`;
    return false;
  }

  return {
    get records() {
      return records;
    },
    get bytes() {
      return bytes;
    },
    get oldestMs() {
      return oldestMs;
    },
    get trouble() {
      return trouble;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
