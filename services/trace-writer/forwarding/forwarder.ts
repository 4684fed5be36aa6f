import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import type { Logger } from "#lib/logger.ts";
import type { ResourceSpans } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { type ExportPiece, piecesOf, spansIn } from "../core/forwarding/export-pieces.ts";
import type { Forward, ForwardQueue } from "../store/forward-queue.ts";
import { deliver, type Failure } from "./deliver.ts";
import type { Destination, DestinationOptions } from "./destination.ts";
import { Standing } from "./standing.ts";

/** Why spans were not forwarded, or not sent. */
export const DROP_REASONS = ["refused", "rejected", "gone", "queue_full", "unconfigured"] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Hears what becomes of what is forwarded. */
export interface ForwardingObserver {
  forwarded(destination: string, spans: number): void;
  dropped(destination: string, reason: DropReason, spans: number): void;
  retried(destination: string): void;
}

/** Forwards to one destination. Disposing of it lets the request under way end, for a second. */
export interface Forwarder extends AsyncDisposable {
  /** Says that something waits. */
  wake(): void;
  /** What is wrong, in words. Undefined: nothing. */
  trouble(): string | undefined;
}

export interface ForwarderOptions extends DestinationOptions {
  /** The destination's name. */
  readonly name: string;
}

/** What waits is let gather for so long, so that requests are fewer. */
const LINGER_MS = 50;
/** It is looked for by itself so often: another process may have written it. */
const LOOK_EVERY_MS = 1000;
/** How often the queue is held to its bound. */
const TRIM_EVERY_MS = 1000;
/** How often it is tried to read a trace. */
const READS_MAX = 5;
const STOPPING_MS = 1000;

/**
 * Starts forwarding: what waits longest first, one request at a time. A request that fails is sent again until it is
 * taken or refused, with growing, jittered waits. What was sent is removed once the destination has it, so that
 * whatever ends this process it is sent, once or again.
 */
export function startForwarder(
  options: ForwarderOptions,
  queue: ForwardQueue,
  destination: Destination,
  observer: ForwardingObserver,
  log: Logger,
): Forwarder {
  const { name } = options;
  const standing = new Standing(name, log);
  const stopping = new AbortController();
  const abort = new AbortController();
  let wakeUp = Promise.withResolvers<void>();
  let trimmedAtMs = 0;
  let unread: { readonly traceId: string; readonly times: number } | undefined;
  const running = run();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const came = await attempt();
      if (came === "nothing") await somethingToDo();
      else if (came !== "delivered") await pause(waitMsOf(came, standing.failures, options));
    }
  }

  async function attempt(): Promise<"nothing" | "delivered" | Failure> {
    try {
      await trim();
      const forwards = await queue.next(name, options.batchMax);
      if (forwards.length === 0) return "nothing";
      const failure = await forward(forwards);
      if (failure === undefined) return "delivered";
      if (!stopping.signal.aborted) fail(failure);
      return failure;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const failure = { kind: "failed", reason: `the trace store: ${why}`, retryAfterMs: undefined } as const;
      fail(failure);
      return failure;
    }
  }

  function fail(failure: Failure): void {
    standing.failed(failure);
    observer.retried(name);
  }

  /** Sends, in requests of their size. Returns what failed; what was sent before it is removed. */
  async function forward(forwards: readonly Forward[]): Promise<Failure | undefined> {
    let batch: Forward[] = [];
    let pieces: ExportPiece[] = [];
    let bytes = 0;
    for (const [index, one] of forwards.entries()) {
      const groups = await read(one);
      const found = piecesOf(groups, options.batchBytesMax);
      batch.push(one);
      pieces.push(...found);
      bytes += found.reduce((sum, piece) => sum + piece.bytes.length, 0);
      // Reads are quick, but many: others of this process have their turn in between.
      await turn();
      if (bytes < options.batchBytesMax && index < forwards.length - 1) continue;
      const failure = await settle(batch, pieces);
      if (failure !== undefined || stopping.signal.aborted) return failure;
      batch = [];
      pieces = [];
      bytes = 0;
    }
    return undefined;
  }

  /** What cannot be read, however often it is tried, must not hold up what waits behind it. */
  async function read(one: Forward): Promise<readonly ResourceSpans[]> {
    try {
      return await queue.read(one, options.payload === "full");
    } catch (error) {
      unread = { traceId: one.traceId, times: unread?.traceId === one.traceId ? unread.times + 1 : 1 };
      if (unread.times < READS_MAX) throw error;
      log.error({ err: error, destination: name, traceId: one.traceId }, "a trace cannot be read: it is not forwarded");
      return [];
    }
  }

  async function settle(batch: readonly Forward[], pieces: readonly ExportPiece[]): Promise<Failure | undefined> {
    const tally = await deliver(destination, pieces, options.batchBytesMax, abort.signal);
    if ("kind" in tally) return tally;
    await queue.remove(batch);
    standing.delivered(tally, Date.now());
    observer.forwarded(name, tally.forwarded);
    observer.dropped(name, "rejected", tally.rejected);
    observer.dropped(name, "refused", tally.refused);
    const named = batch.reduce((sum, { items }) => sum + items.reduce((spans, item) => spans + item.spans, 0), 0);
    observer.dropped(name, "gone", Math.max(0, named - spansIn(pieces)));
    return undefined;
  }

  async function trim(): Promise<void> {
    if (Date.now() - trimmedAtMs < TRIM_EVERY_MS) return;
    const { items } = await queue.waiting(name);
    if (items > options.queueMax) {
      const dropped = await queue.trim(name, options.queueMax);
      observer.dropped(name, "queue_full", dropped.spans);
    }
    standing.trimmed(Math.max(0, items - options.queueMax));
    trimmedAtMs = Date.now();
  }

  async function somethingToDo(): Promise<void> {
    await Promise.race([wakeUp.promise, pause(LOOK_EVERY_MS)]);
    wakeUp = Promise.withResolvers<void>();
    await pause(LINGER_MS);
  }

  /** Waits, but not on once it is to stop. */
  async function pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: stopping.signal }).catch(() => {});
  }

  return {
    wake: () => wakeUp.resolve(),
    trouble: () => standing.trouble(Date.now()),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      wakeUp.resolve();
      const cut = setTimeout(() => abort.abort(), STOPPING_MS);
      await running;
      clearTimeout(cut);
      await destination[Symbol.asyncDispose]();
    },
  };
}

/** Full jitter: anything between the shortest wait and the grown one, but never less than the destination asks for. */
function waitMsOf(
  { retryAfterMs = 0 }: Failure,
  failures: number,
  { retryMinMs, retryMaxMs }: ForwarderOptions,
): number {
  const grown = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(failures, 20));
  return Math.max(retryAfterMs, retryMinMs + Math.random() * Math.max(0, grown - retryMinMs));
}
