import { NOTHING_SHED, type ShedCounter } from "./outbox-state.ts";
import { joined } from "./troubles.ts";

/** So many notes are remembered. One beyond that is told as an interrupted call after a restart. */
const ORPHANED_NOTES_MAX = 100_000;

/** Counts how records leave the outbox, and what troubles it: nothing leaves uncounted. */
export class Ledger {
  shipped = 0;
  retries = 0;
  mirrorsRefused = 0;
  /** Why commits fail now. Undefined: they do not. */
  diskTrouble: string | undefined;
  /** Why segments cannot be begun or removed now. Undefined: they can. */
  filesTrouble: string | undefined;
  /** Why records are given up at the outbox's bound now. Undefined: they are not. */
  roomTrouble: string | undefined;
  /** Why the trace-writer takes nothing now. Undefined: it does. */
  deliveryTrouble: string | undefined;
  /** The calls that have ended and whose records were dropped: their notes are to be removed by the next commit. */
  readonly orphanedNotes = new Set<string>();
  readonly #shed: Record<ShedCounter, number> = { ...NOTHING_SHED };

  shed(counter: ShedCounter, count = 1): void {
    this.#shed[counter] += count;
  }

  orphanNote(traceId: string): void {
    if (this.orphanedNotes.size < ORPHANED_NOTES_MAX) this.orphanedNotes.add(traceId);
  }

  /** What was given up. */
  get given(): Readonly<Record<ShedCounter, number>> {
    return this.#shed;
  }

  /** All that troubles it, in words. Undefined: nothing does. */
  get trouble(): string | undefined {
    const { diskTrouble, filesTrouble, roomTrouble, deliveryTrouble } = this;
    return joined([diskTrouble, filesTrouble, roomTrouble, deliveryTrouble]);
  }
}
