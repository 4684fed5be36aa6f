import type { Logger } from "#lib/logger.ts";
import type { DamagedPlace } from "./find-rest.ts";
import type { Ledger } from "./ledger.ts";

/** How long health speaks of damage after it was found last, in milliseconds. */
const TOLD_MS = 10 * 60 * 1000;
/** So many places are remembered, so that one that is read twice counts once. */
const PLACES_MAX = 10_000;

/**
 * Counts and tells what of an outbox's files cannot be read, and what was lost there: in metrics, in the log, and for
 * ten minutes in health. However much it is, the log has few lines of it.
 */
export class Damage {
  readonly #path: string;
  readonly #ledger: Ledger;
  readonly #log: Logger;
  readonly #known = new Set<string>();
  #places = 0;
  #gaps = 0;
  #records = 0;
  #isUncounted = false;
  #foundAt = Number.NEGATIVE_INFINITY;

  constructor(path: string, ledger: Ledger, log: Logger) {
    this.#path = path;
    this.#ledger = ledger;
    this.#log = log;
  }

  /** How many places could not be read. */
  get places(): number {
    return this.#places;
  }

  /** A place cannot be read. What was in it is known once it is known what is missing. */
  found(place: DamagedPlace): void {
    const key = place.why === "missing" ? `${place.segment}` : `${place.segment}:${place.offset}`;
    if (this.#known.has(key)) return;
    if (this.#known.size < PLACES_MAX) this.#known.add(key);
    this.#places += 1;
    this.#foundAt = performance.now();
    if (isTold(this.#places)) {
      const { segment, ...what } = place;
      const file = `${this.#path}.${segment}`;
      this.#log.error({ file, ...what, places: this.#places }, "a part of the outbox cannot be read");
    }
  }

  /** So many records are missing, in a row. */
  lost(records: number): void {
    this.#ledger.shed("record:damaged", records);
    this.#records += records;
    this.#gaps += 1;
    this.#foundAt = performance.now();
    if (isTold(this.#gaps)) {
      const outbox = this.#path;
      this.#log.error(
        { outbox, records, inAll: this.#records },
        "records are lost: the outbox's files have them no more",
      );
    }
  }

  /** A place may have had records, and nobody knows how many. */
  lostUncounted(): void {
    this.#isUncounted = true;
    this.#foundAt = performance.now();
    this.#log.error({ outbox: this.#path }, "records may be lost: how many there were at the end cannot be known");
  }

  /** What was found of late, in words. Undefined: nothing. */
  get words(): string | undefined {
    if (performance.now() - this.#foundAt > TOLD_MS) return undefined;
    const lost = `${this.#records}${this.#isUncounted ? " and an unknown number" : ""}`;
    return `the outbox's files are damaged: records lost: ${lost}, places that cannot be read: ${this.#places}`;
  }
}

/** Whether the log is told of the first, the second, the fourth and so on. */
function isTold(count: number): boolean {
  return Number.isInteger(Math.log2(count));
}
