import { ZodError } from "zod";
import type { Invocation } from "../core/invocation.ts";
import { keptPayloadsOf } from "../core/kept-payloads.ts";
import { KEEP_ALL } from "../core/payload-policy.ts";
import { recordOf } from "../core/record.ts";
import { sizeOf, type Write } from "./block.ts";
import { commitWrites, type OutboxParts } from "./committer.ts";
import type { OutboxLock } from "./lock.ts";
import { invocationOf } from "./note.ts";
import type { Found } from "./segments.ts";

/** So many bytes of an earlier version's records are moved in one block. */
const MOVED_BYTES = 8 * 1024 * 1024;

/**
 * Puts in order what an earlier process has left, and returns how many calls were in flight: they are written as interrupted,
 * ended at the last moment at which that process is known to have lived. Their answers were never completed, so nobody counts
 * on more. A note that cannot be read is counted and let go: it must not keep the gateway from starting. What a process of an
 * earlier version has left is moved; an Error says where it cannot be.
 */
export async function recoverOutbox(
  parts: OutboxParts,
  { notes, lastAliveMs }: Found,
  { earlier }: Pick<OutboxLock, "earlier">,
  bytesMax: number,
): Promise<number> {
  if (earlier !== undefined) {
    for (const records of inBatches(earlier.records())) await moveRecords(parts, records);
    await moveRecords(parts, interruptedOf(parts, earlier.notes, earlier.lastAliveMs));
    earlier.remove();
  }
  const interrupted = interruptedOf(parts, notes.values(), lastAliveMs);
  if (interrupted.length > 0) await commitWrites(parts, interrupted, bytesMax, Date.now());
  return interrupted.length;
}

async function moveRecords(parts: OutboxParts, records: readonly Write[]): Promise<void> {
  if (records.length === 0) return;
  const isMoved = await commitWrites(parts, records, Number.POSITIVE_INFINITY, Date.now());
  if (!isMoved) throw new Error(`The outbox cannot be moved to the files of this version: ${parts.ledger.diskTrouble}`);
}

function* inBatches(records: Iterable<Write>): Generator<readonly Write[], void, void> {
  let batch: Write[] = [];
  let bytes = 0;
  for (const record of records) {
    batch.push(record);
    bytes += sizeOf(record);
    if (bytes < MOVED_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  yield batch;
}

function interruptedOf({ ledger }: OutboxParts, notes: Iterable<Uint8Array>, lastAliveMs: number): readonly Write[] {
  const aliveNanos = BigInt(Math.floor(lastAliveMs)) * 1_000_000n;
  const records: Write[] = [];
  for (const note of notes) {
    const invocation = readNote(note);
    if (invocation === undefined) ledger.shed("note:unreadable");
    else records.push(interruptedRecordOf(invocation, aliveNanos));
  }
  return records;
}

function interruptedRecordOf(invocation: Invocation, aliveNanos: bigint): Write {
  const outcome = {
    endNanos: aliveNanos > invocation.startNanos ? aliveNanos : invocation.startNanos,
    failure: { kind: "interrupted" as const, text: "The gateway's process ended in the middle of the call." },
    attempts: [],
    inputs: undefined,
    outputs: undefined,
  };
  // The words are our own, so that they may always be kept.
  const kept = keptPayloadsOf(outcome, KEEP_ALL, () => "");
  return { kind: "finish", traceId: invocation.traceId, ...recordOf(invocation, outcome, kept) };
}

function readNote(note: Uint8Array): Invocation | undefined {
  try {
    return invocationOf(Buffer.from(note).toString());
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof ZodError) return undefined;
    throw error;
  }
}
