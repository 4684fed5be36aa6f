import { ZodError } from "zod";
import type { Invocation } from "../core/invocation.ts";
import { keptPayloadsOf } from "../core/kept-payloads.ts";
import { KEEP_ALL } from "../core/payload-policy.ts";
import { recordOf } from "../core/record.ts";
import type { OutboxDatabase } from "./database.ts";
import type { Ledger } from "./ledger.ts";
import { invocationOf } from "./note.ts";

/**
 * Writes the calls that an earlier process left in flight as interrupted, ended at the last moment at which that process is
 * known to have lived, and returns how many there were. Their answers were never completed, so nobody counts on more. A
 * note that cannot be read is counted and let go: it must not keep the gateway from starting.
 */
export function recoverInterrupted(database: OutboxDatabase, ledger: Ledger): number {
  const notes = database.notes();
  const aliveNanos = BigInt(database.lastAliveMs()) * 1_000_000n;
  const nowMs = Date.now();
  database.transaction(() => {
    for (const { traceId, note } of notes) {
      database.removeNote(traceId);
      const invocation = readNote(note);
      if (invocation === undefined) {
        ledger.shed("note:unreadable");
        continue;
      }
      const outcome = {
        endNanos: aliveNanos > invocation.startNanos ? aliveNanos : invocation.startNanos,
        failure: { kind: "interrupted" as const, text: "The gateway's process ended in the middle of the call." },
        attempts: [],
        inputs: undefined,
        outputs: undefined,
      };
      // The words are our own, so that they may always be kept.
      const { spans, payload } = recordOf(
        invocation,
        outcome,
        keptPayloadsOf(outcome, KEEP_ALL, () => ""),
      );
      database.addRecord(spans, payload, nowMs);
      ledger.added(spans.length + payload.length);
    }
  });
  return notes.length;
}

function readNote(note: string): Invocation | undefined {
  try {
    return invocationOf(note);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof ZodError) return undefined;
    throw error;
  }
}
