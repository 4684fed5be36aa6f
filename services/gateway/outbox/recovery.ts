import { ZodError } from "zod";
import type { RecordedInvocation } from "../core/invocation.ts";
import { keptPayloadsOf } from "../core/payload/kept-payloads.ts";
import { KEEP_ALL } from "../core/payload/payload-policy.ts";
import { RecordWriter } from "../core/twins/record.ts";
import type { Write } from "./block.ts";
import { commitWrites, type OutboxParts } from "./committer.ts";
import type { Found } from "./find-rest.ts";
import type { Ledger } from "./ledger.ts";
import { invocationOf } from "./note.ts";

/**
 * Puts in order what an earlier process has left, and returns how many calls were in flight: they are written as
 * interrupted, ended at the last moment at which that process is known to have lived. Their answers were never
 * completed, so nobody counts on more.
 */
export async function recoverOutbox(
  parts: OutboxParts,
  { notes, lastAliveMs }: Found,
  bytesMax: number,
): Promise<number> {
  const interrupted = interruptedOf(parts.ledger, notes.values(), lastAliveMs);
  if (interrupted.length > 0) await commitWrites(parts, interrupted, bytesMax, Date.now());
  return interrupted.length;
}

/**
 * The records of calls that were in flight when their process ended. A note that cannot be read is counted and let go:
 * it must not keep the gateway from starting.
 */
export function interruptedOf(ledger: Ledger, notes: Iterable<Uint8Array>, lastAliveMs: number): readonly Write[] {
  const aliveNanos = BigInt(Math.floor(lastAliveMs)) * 1_000_000n;
  const writer = new RecordWriter();
  const records: Write[] = [];
  for (const note of notes) {
    const invocation = readNote(note);
    if (invocation === undefined) ledger.shed("note:unreadable");
    else records.push(interruptedRecordOf(writer, invocation, aliveNanos));
  }
  return records;
}

function interruptedRecordOf(writer: RecordWriter, invocation: RecordedInvocation, aliveNanos: bigint): Write {
  const outcome = {
    endNanos: aliveNanos > invocation.startNanos ? aliveNanos : invocation.startNanos,
    failure: { kind: "interrupted" as const, text: "The gateway's process ended in the middle of the call." },
    attempts: [],
    inputs: undefined,
    outputs: undefined,
  };
  // The words are our own, so that they may always be kept.
  const kept = keptPayloadsOf(outcome, KEEP_ALL, () => "");
  return { kind: "finish", traceId: invocation.traceId, ...writer.recordOf(invocation, outcome, kept) };
}

function readNote(note: Uint8Array): RecordedInvocation | undefined {
  try {
    return invocationOf(Buffer.from(note).toString());
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof ZodError) return undefined;
    throw error;
  }
}
