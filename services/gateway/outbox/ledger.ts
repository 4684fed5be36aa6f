import { NOTHING_SHED, type OutboxState, type ShedCounter } from "./messages.ts";

/** So many notes are remembered. One beyond that is told as an interrupted call after a restart. */
const ORPHANED_NOTES_MAX = 100_000;

/** Counts what comes into the outbox and how it leaves: nothing leaves uncounted. */
export class Ledger {
  /** Records that wait, and their bytes. */
  records: number;
  bytes: number;
  shipped = 0;
  retries = 0;
  mirrorsRefused = 0;
  /** Why commits fail now. Undefined: they do not. */
  diskTrouble: string | undefined;
  /** Why records are given up at the outbox's bound now. Undefined: they are not. */
  roomTrouble: string | undefined;
  /** Why the trace-writer takes nothing now. Undefined: it does. */
  deliveryTrouble: string | undefined;
  /** The notes of calls that have ended and whose records were dropped: to be removed by the next commit. */
  readonly orphanedNotes = new Set<string>();
  readonly #shed: Record<ShedCounter, number> = { ...NOTHING_SHED };

  constructor(waiting: { readonly records: number; readonly bytes: number }) {
    this.records = waiting.records;
    this.bytes = waiting.bytes;
  }

  added(bytes: number): void {
    this.records += 1;
    this.bytes += bytes;
  }

  removed(bytes: number): void {
    this.records -= 1;
    this.bytes -= bytes;
  }

  shed(counter: ShedCounter): void {
    this.#shed[counter] += 1;
  }

  orphanNote(traceId: string): void {
    if (this.orphanedNotes.size < ORPHANED_NOTES_MAX) this.orphanedNotes.add(traceId);
  }

  state(oldestMs: number | undefined): OutboxState {
    return {
      records: this.records,
      bytes: this.bytes,
      oldestMs,
      shipped: this.shipped,
      retries: this.retries,
      mirrorsRefused: this.mirrorsRefused,
      shed: { ...this.#shed },
      trouble: this.#trouble(),
    };
  }

  #trouble(): string | undefined {
    const troubles = [this.diskTrouble, this.roomTrouble, this.deliveryTrouble].filter(
      (trouble) => trouble !== undefined,
    );
    return troubles.length === 0 ? undefined : troubles.join("; ");
  }
}
