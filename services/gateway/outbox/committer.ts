import { PAYLOAD_SHED } from "../core/record.ts";
import type { OutboxDatabase } from "./database.ts";
import type { Ledger } from "./ledger.ts";
import type { ShedCounter, Write } from "./messages.ts";

/** From this part of the bound on, new records lose their payload, so that spans still have room. */
const PAYLOAD_SHARE = 0.8;

/**
 * The outbox leaves so much of the disk free: to remove what was shipped takes room too, so an outbox that filled its disk
 * could never get empty again. Below it records lose their payload, below half of it nothing is written.
 */
const DISK_RESERVE_BYTES = 32 * 1024 * 1024;

/** How much of a record is kept, from the best to the worst. */
type Keep = "all" | "spans" | "nothing";

/**
 * Commits a batch of writes in one transaction, keeping as much as there is room for: all of it; where the outbox is at
 * its bound or the disk is full, records without their payload; at the worst nothing. What is not kept is counted by its
 * reason. Never throws for want of room.
 */
export function commitWrites(
  database: OutboxDatabase,
  ledger: Ledger,
  writes: readonly Write[],
  bytesMax: number,
  nowMs: number,
): void {
  try {
    const freeBytes = database.freeBytes();
    const isTight = freeBytes < DISK_RESERVE_BYTES;
    ledger.diskTrouble = isTight ? `the outbox's disk is full: ${freeBytes} bytes are left` : undefined;
    if (freeBytes >= DISK_RESERVE_BYTES / 2) {
      commitAsFits(database, ledger, writes, bytesMax, nowMs, isTight);
      return;
    }
  } catch (error) {
    ledger.diskTrouble = `the outbox cannot be written: ${messageOf(error)}`;
  }
  for (const write of writes) {
    if (write.kind !== "drop") ledger.shed(write.kind === "begin" ? "note:disk" : "record:disk");
    if (write.kind !== "begin") ledger.orphanNote(write.traceId);
  }
}

/** Gives a disk that is full or tight back what records have left behind, a step at a time. */
export function giveBackRoom(database: OutboxDatabase, ledger: Ledger): void {
  if (ledger.diskTrouble === undefined) return;
  try {
    database.giveBack();
  } catch (error) {
    ledger.diskTrouble = `the outbox cannot be written: ${messageOf(error)}`;
  }
}

/** Commits with payloads, and without them where that fails or the disk is tight. Throws when both fail. */
function commitAsFits(
  database: OutboxDatabase,
  ledger: Ledger,
  writes: readonly Write[],
  bytesMax: number,
  nowMs: number,
  isTight: boolean,
): void {
  try {
    commit(database, ledger, writes, bytesMax, nowMs, isTight ? "spans" : "all");
  } catch (error) {
    if (isTight) throw error;
    ledger.diskTrouble = `the outbox cannot be written: ${messageOf(error)}`;
    commit(database, ledger, writes, bytesMax, nowMs, "spans");
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** One try. What it does to the ledger happens after the commit, so that a failed try leaves no count behind. */
function commit(
  database: OutboxDatabase,
  ledger: Ledger,
  writes: readonly Write[],
  bytesMax: number,
  nowMs: number,
  keepOnDisk: Keep,
): void {
  const added: number[] = [];
  const shed: ShedCounter[] = [];
  let bytes = ledger.bytes;
  database.transaction(() => {
    database.markAlive(nowMs);
    for (const traceId of ledger.orphanedNotes) database.removeNote(traceId);
    for (const write of writes) {
      if (write.kind === "begin") {
        database.addNote(write.traceId, write.note);
        continue;
      }
      database.removeNote(write.traceId);
      if (write.kind === "drop") continue;
      const keep = keptOf(write, bytes, bytesMax);
      if (keep === "nothing") {
        shed.push("record:outbox_full");
        continue;
      }
      const payload = keep === "all" && keepOnDisk === "all" ? write.payload : shedPayloadOf(write.payload);
      if (payload !== write.payload) shed.push(keep === "all" ? "payload:disk" : "payload:outbox_full");
      database.addRecord(write.spans, payload, nowMs);
      added.push(write.spans.length + payload.length);
      bytes += write.spans.length + payload.length;
    }
  });
  ledger.orphanedNotes.clear();
  for (const size of added) ledger.added(size);
  for (const counter of shed) ledger.shed(counter);
  ledger.roomTrouble = roomTroubleAfter(ledger, shed, added.length, bytesMax);
}

/** What health says of the bound after a commit: that it costs something, until a record is kept whole or half is free. */
function roomTroubleAfter(ledger: Ledger, shed: readonly ShedCounter[], added: number, bytesMax: number) {
  if (shed.some((counter) => counter === "payload:outbox_full" || counter === "record:outbox_full")) {
    return "the outbox is full (outbox.bytesMax): payloads are shed, then records";
  }
  return added > 0 || ledger.bytes <= bytesMax / 2 ? undefined : ledger.roomTrouble;
}

/** How much of a record there is room for below the bound. */
function keptOf(record: Extract<Write, { kind: "finish" }>, bytes: number, bytesMax: number): Keep {
  if (bytes + record.spans.length + record.payload.length <= bytesMax * PAYLOAD_SHARE) return "all";
  return bytes + record.spans.length + PAYLOAD_SHED.length <= bytesMax ? "spans" : "nothing";
}

/** What stands in the place of a payload that is shed: nothing, where there was none. */
function shedPayloadOf(payload: Uint8Array): Uint8Array {
  return payload.length === 0 ? payload : PAYLOAD_SHED;
}
