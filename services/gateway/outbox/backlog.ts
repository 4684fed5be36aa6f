import { PAYLOAD_SHED } from "../core/twins/record.ts";
import type { Write } from "./block.ts";
import { NOTHING_SHED, type ShedCounter } from "./outbox-state.ts";

const MiB = 1024 * 1024;
/** So much may be on its way to the disk. A record that would go beyond it loses its payload. */
const PAYLOAD_BYTES_MAX = 128 * MiB;
/** And so much without payloads. A note or a record that would go beyond it is given up. */
const BARE_BYTES_MAX = 144 * MiB;
/**
 * And so much in all. Beyond it the note of a record that was given up stays, and tells it as interrupted after a
 * restart.
 */
const BYTES_MAX = 160 * MiB;

/** A write that goes on its way, with what it takes until it is committed. */
export interface AdmittedWrite {
  readonly write: Write;
  readonly bytes: number;
}

/**
 * What is on its way to the disk and not committed yet. A call goes on without its commit after `outbox.commitWaitMs`,
 * so that a disk that stands still holds no call back: this bounds what such calls leave in memory. What is given up is
 * counted.
 */
export class Backlog {
  readonly shed: Record<ShedCounter, number> = { ...NOTHING_SHED };
  #bytes = 0;

  /** What of a write may go on its way. Undefined: nothing. */
  admit(write: Write): AdmittedWrite | undefined {
    const fitting = this.#fittingOf(write);
    if (fitting === undefined) return undefined;
    const bytes = bytesOf(fitting);
    this.#bytes += bytes;
    return { write: fitting, bytes };
  }

  /** Says that so much is on its way no more. */
  settled(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** What comes when nothing waits always goes, however large it is. */
  #fittingOf(write: Write): Write | undefined {
    if (this.#bytes === 0 || this.#hasRoomFor(write, PAYLOAD_BYTES_MAX)) return write;
    if (write.kind === "finish") return this.#fittingRecordOf(write);
    if (this.#hasRoomFor(write, BARE_BYTES_MAX)) return write;
    return this.#giveUp("note:backlog");
  }

  #fittingRecordOf(write: Extract<Write, { kind: "finish" }>): Write | undefined {
    const hasPayload = write.payload.length > 0;
    const bare = hasPayload ? { ...write, payload: PAYLOAD_SHED } : write;
    if (this.#hasRoomFor(bare, BARE_BYTES_MAX)) {
      if (hasPayload) this.#giveUp("payload:backlog");
      return bare;
    }
    this.#giveUp("record:backlog");
    const drop: Write = { kind: "drop", traceId: write.traceId };
    return this.#hasRoomFor(drop, BYTES_MAX) ? drop : undefined;
  }

  #hasRoomFor(write: Write, bytesMax: number): boolean {
    return this.#bytes + bytesOf(write) <= bytesMax;
  }

  #giveUp(counter: ShedCounter): undefined {
    this.shed[counter] += 1;
  }
}

/** What a write takes: a little for itself, and what it holds. */
function bytesOf(write: Write): number {
  const bytes = 64;
  if (write.kind === "begin") return bytes + write.note.length;
  return write.kind === "finish" ? bytes + write.told.length + write.payload.length : bytes;
}
