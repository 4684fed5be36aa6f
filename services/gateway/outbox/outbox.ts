import { dirname } from "node:path";
import type { Config } from "#lib/config/schema.ts";
import { DEFAULT_PEERS } from "#lib/config/sections/peers.ts";
import type { Logger } from "#lib/logger.ts";
import type { LiveCertificates } from "#lib/tls/live-certificates.ts";
import type { RecordedInvocation } from "../core/invocation.ts";
import type { SerializedRecord } from "../core/twins/record.ts";
import { CommitLoop, type Written } from "./commit-loop.ts";
import type { OutboxParts } from "./committer.ts";
import { Damage } from "./damage.ts";
import { DiskRoom } from "./disk-room.ts";
import { NOTHING_TO_MOVE, startEarlierMove } from "./earlier-move.ts";
import { findRest } from "./find-rest.ts";
import { Journal } from "./journal.ts";
import { Ledger } from "./ledger.ts";
import { lockOutbox } from "./lock.ts";
import { noteOf } from "./note.ts";
import { type OutboxState, SHED_COUNTERS, type ShedCounter } from "./outbox-state.ts";
import { RecordQueue } from "./record-queue.ts";
import { recoverOutbox } from "./recovery.ts";
import { startShipper } from "./shipper.ts";
import { joined } from "./troubles.ts";

/**
 * The gateway's outbox: what is in it survives the death of the process, and reaches the trace-writer in the end, once.
 * It never fails a call: what cannot be kept is counted in {@link OutboxState.shed}. Disposing of it ships what waits,
 * as long as `drainMs` allows; the rest is shipped by the next process.
 */
export interface Outbox extends AsyncDisposable {
  /** Notes a call in flight. Resolves when the note is committed, or after `commitWaitMs`. */
  begin(invocation: RecordedInvocation): Promise<Written>;
  /** Puts a record in the place of its call's note. Resolves when it is committed, or after `commitWaitMs`. */
  finish(invocation: RecordedInvocation, record: SerializedRecord): Promise<Written>;
  /** How the outbox stands. */
  state(): OutboxState;
}

/**
 * How often the files are marked as those of a process that lives, while there is something to tell, in milliseconds.
 */
const ALIVE_EVERY_MS = 1000;

/**
 * Opens the outbox, and tells the calls that an earlier process left in flight as interrupted. Throws an Error for the
 * operator when its files cannot be had. `certificates` are those of the way to the trace-writer. Undefined: in the
 * clear.
 */
export async function startOutbox(
  {
    outbox: options,
    traceWriter,
    traceWriterKey,
    peerTls,
    peers = DEFAULT_PEERS,
  }: Pick<Config["gateway"], "outbox" | "traceWriter" | "traceWriterKey" | "peerTls"> & Partial<Pick<Config, "peers">>,
  log: Logger,
  certificates?: LiveCertificates,
): Promise<Outbox> {
  const { path, durability, bytesMax, drainMs } = options;
  await using opened = new AsyncDisposableStack();
  const { earlier } = opened.use(lockOutbox(path));
  const ledger = new Ledger();
  const damage = new Damage(path, ledger, log);
  const found = await findRest(path, (place) => damage.found(place));
  if (found.foreign.length > 0) log.warn({ path, numbers: found.foreign }, "files beside the outbox are not its own");
  const journal = opened.use(new Journal(path, durability, found));
  const queue = new RecordQueue(path, found, damage);
  const parts: OutboxParts = { journal, queue, ledger, room: new DiskRoom(dirname(path)) };
  const interrupted = await recoverOutbox(parts, found, bytesMax);
  if (interrupted > 0) log.warn({ calls: interrupted }, "calls of an earlier process were interrupted");
  const commits = new CommitLoop(parts, options, () => shipper.wake());
  const shipper = startShipper(
    { queue, ledger, onRemoved: () => commits.recordsRemoved(), requeue: (first) => commits.requeue(first) },
    { options, traceWriter, traceWriterKey, serverName: peerTls?.serverName, peers, certificates },
  );
  const move = earlier === undefined ? NOTHING_TO_MOVE : startEarlierMove(parts, earlier, commits, options, log);
  const state = (): OutboxState => ({
    records: queue.records + move.records,
    bytes: queue.bytes + move.bytes,
    oldestMs: oldestOf(queue.oldestMs, move.oldestMs),
    shipped: ledger.shipped,
    retries: ledger.retries,
    mirrorsRefused: ledger.mirrorsRefused,
    shed: sumOf(ledger.given, commits.shed),
    damagedPlaces: damage.places,
    damage: damage.words,
    trouble: joined([ledger.trouble, move.trouble]),
  });
  const aliveTimer = setInterval(() => {
    log.debug(state(), "outbox");
    const isTroubled = ledger.diskTrouble !== undefined || ledger.filesTrouble !== undefined;
    if (journal.notes > 0 || commits.isMarkDue || isTroubled) commits.mark();
  }, ALIVE_EVERY_MS);
  const owned = opened.move();
  return {
    begin: (invocation) =>
      commits.write({ kind: "begin", traceId: invocation.traceId, note: Buffer.from(noteOf(invocation)) }),
    finish: ({ traceId }, { told, payload }) => commits.write({ kind: "finish", traceId, told, payload }),
    state,
    async [Symbol.asyncDispose]() {
      clearInterval(aliveTimer);
      await move[Symbol.asyncDispose]();
      await commits.flush();
      await shipper.drain(drainMs);
      commits.mark();
      await commits.flush();
      if (queue.isEmpty && journal.notes === 0) await journal.remove();
      await owned.disposeAsync();
    },
  };
}

function oldestOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** What was given up on the way to the disk, and since. */
function sumOf(a: OutboxState["shed"], b: OutboxState["shed"]): Record<ShedCounter, number> {
  const sum = { ...a };
  for (const counter of SHED_COUNTERS) sum[counter] += b[counter];
  return sum;
}
