import { PAYLOAD_SHED } from "../core/twins/record.ts";
import { sizeOf, type Write } from "./block.ts";
import type { DiskRoom } from "./disk-room.ts";
import type { Journal } from "./journal.ts";
import type { Ledger } from "./ledger.ts";
import type { ShedCounter } from "./outbox-state.ts";
import type { RecordQueue } from "./record-queue.ts";
import { messageOf } from "./troubles.ts";

/** From this part of the bound on, new records lose their payload, so that what is told of calls still has room. */
const PAYLOAD_SHARE = 0.8;
/**
 * The outbox leaves so much of the disk free, for what else must be written there. Below it records lose their payload,
 * below half of it no record or note is written.
 */
const DISK_RESERVE_BYTES = 32 * 1024 * 1024;

/** What an outbox consists of. */
export interface OutboxParts {
  readonly journal: Journal;
  readonly queue: RecordQueue;
  readonly ledger: Ledger;
  readonly room: DiskRoom;
}

/** What of a batch of writes is kept, and what is given up of it. */
interface Fitting {
  readonly writes: readonly Write[];
  readonly shed: readonly ShedCounter[];
}

/** How much of a batch a disk has room for. */
type Room =
  /** All of it. */
  | "payloads"
  /** Records without their payload. */
  | "told"
  /** Only that notes go, and which records wait no more: that makes room. */
  | "removals";

const ROOMS: readonly Room[] = ["payloads", "told", "removals"];

/**
 * Commits a batch of writes in one block, keeping as much as there is room for: all of it; where the outbox is at its
 * bound of `bytesMax` or the disk is full, records without their payload; at the worst nothing. What is not kept is
 * counted by its reason. Nobody calls it while it is under way. Never rejects; answers whether a block was written.
 */
export async function commitWrites(
  parts: OutboxParts,
  writes: readonly Write[],
  bytesMax: number,
  nowMs: number,
): Promise<boolean> {
  const { ledger, queue } = parts;
  const asked = await askRoom(parts, writes);
  let { trouble } = asked;
  for (const less of ROOMS.slice(ROOMS.indexOf(asked.room))) {
    try {
      await commit(parts, fittingOf(queue.bytes, writes, bytesMax, less), bytesMax, nowMs);
      ledger.diskTrouble = trouble;
      return true;
    } catch (error) {
      trouble = unwrittenOf(error);
    }
  }
  ledger.diskTrouble = trouble;
  for (const write of writes) {
    if (write.kind !== "drop") ledger.shed(write.kind === "begin" ? "note:disk" : "record:disk");
    if (write.kind !== "begin") ledger.orphanNote(write.traceId);
  }
  return false;
}

/**
 * Writes records in one block as they are, beside what calls write, where the disk has room for all of them. Nothing is
 * given up where it has none. Nobody calls it while a commit is under way. Never rejects; answers whether they are
 * written.
 */
export async function appendWhole(parts: OutboxParts, records: readonly Write[], nowMs: number): Promise<boolean> {
  const { journal, queue, ledger } = parts;
  const { room, trouble } = await askRoom(parts, records);
  const hasPayload = records.some((write) => write.kind === "finish" && write.payload.length > PAYLOAD_SHED.length);
  if (room === "removals" || (room === "told" && hasPayload)) {
    ledger.diskTrouble = trouble;
    return false;
  }
  try {
    const place = await journal.append(queue.headAt(nowMs), records);
    queue.add(records, nowMs, place, journal.end);
    return true;
  } catch (error) {
    ledger.diskTrouble = unwrittenOf(error);
    return false;
  }
}

/** What the disk has room for, as far as it says, and why that is not all. */
async function askRoom(
  { room }: OutboxParts,
  writes: readonly Write[],
): Promise<{ readonly room: Room; readonly trouble: string | undefined }> {
  const freeBytes = await room.before(writes.reduce((sum, write) => sum + sizeOf(write), 0));
  if (freeBytes >= DISK_RESERVE_BYTES) return { room: "payloads", trouble: undefined };
  const trouble = `the outbox's disk is full: ${freeBytes} bytes are left`;
  return { room: freeBytes >= DISK_RESERVE_BYTES / 2 ? "told" : "removals", trouble };
}

function unwrittenOf(error: unknown): string {
  return `the outbox cannot be written: ${messageOf(error)}`;
}

/** One try. What it does to the counts happens after the commit, so that a failed try leaves none behind. */
async function commit(
  { journal, queue, ledger }: OutboxParts,
  { writes, shed }: Fitting,
  bytesMax: number,
  nowMs: number,
): Promise<void> {
  const orphans = [...ledger.orphanedNotes];
  const drops = orphans.map((traceId) => ({ kind: "drop", traceId }) as const);
  const place = await journal.append(queue.headAt(nowMs), [...drops, ...writes]);
  queue.add(writes, nowMs, place, journal.end);
  for (const traceId of orphans) ledger.orphanedNotes.delete(traceId);
  for (const counter of shed) ledger.shed(counter);
  ledger.roomTrouble = roomTroubleAfter(ledger, queue, shed, writes, bytesMax);
}

/**
 * What health says of the bound after a commit: that it costs something, until a record is kept whole or half is free.
 */
function roomTroubleAfter(
  ledger: Ledger,
  queue: RecordQueue,
  shed: readonly ShedCounter[],
  writes: readonly Write[],
  bytesMax: number,
): string | undefined {
  if (shed.some((counter) => counter === "payload:outbox_full" || counter === "record:outbox_full")) {
    return "the outbox is full (outbox.bytesMax): payloads are shed, then records";
  }
  const isRoomy = queue.bytes <= bytesMax / 2 || writes.some(({ kind }) => kind === "finish");
  return isRoomy ? undefined : ledger.roomTrouble;
}

/** What there is room for, below the bound and on the disk. */
function fittingOf(bytesBefore: number, writes: readonly Write[], bytesMax: number, room: Room): Fitting {
  const fitting: Write[] = [];
  const shed: ShedCounter[] = [];
  let bytes = bytesBefore;
  for (const write of writes) {
    if (write.kind === "drop" || (write.kind === "begin" && room !== "removals")) {
      fitting.push(write);
      continue;
    }
    if (write.kind === "begin") {
      shed.push("note:disk");
      continue;
    }
    const { traceId, told } = write;
    const isRoomy = bytes + sizeOf(write) <= bytesMax * PAYLOAD_SHARE;
    const isFull = !isRoomy && bytes + told.length + PAYLOAD_SHED.length > bytesMax;
    if (isFull || room === "removals") {
      fitting.push({ kind: "drop", traceId });
      shed.push(isFull ? "record:outbox_full" : "record:disk");
      continue;
    }
    // Where there was no payload nothing stands in its place.
    const isKept = write.payload.length === 0 || (isRoomy && room === "payloads");
    const kept = isKept ? write : { ...write, payload: PAYLOAD_SHED };
    if (!isKept) shed.push(isRoomy ? "payload:disk" : "payload:outbox_full");
    fitting.push(kept);
    bytes += sizeOf(kept);
  }
  return { writes: fitting, shed };
}
