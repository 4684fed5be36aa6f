/** The window moves on by a slice at a time. */
const SLICES = 10;

interface Slice {
  /** Which slice of time this is, counted from the clock's beginning. */
  index: number;
  attempts: number;
  faults: number;
}

/** Counts attempts, and the faults among them, over the latest `windowMs` or up to a tenth less. */
export class FaultWindow {
  readonly #sliceMs: number;
  readonly #slices: readonly Slice[];

  constructor(windowMs: number) {
    this.#sliceMs = windowMs / SLICES;
    this.#slices = Array.from({ length: SLICES }, () => ({ index: -1, attempts: 0, faults: 0 }));
  }

  add(isFault: boolean, nowMs: number): void {
    const index = this.#indexAt(nowMs);
    const slice = this.#slices[index % SLICES];
    if (slice === undefined) return;
    if (slice.index !== index) Object.assign(slice, { index, attempts: 0, faults: 0 });
    slice.attempts += 1;
    if (isFault) slice.faults += 1;
  }

  totalsAt(nowMs: number): { readonly attempts: number; readonly faults: number } {
    const oldest = this.#indexAt(nowMs) - SLICES + 1;
    const totals = { attempts: 0, faults: 0 };
    for (const { index, attempts, faults } of this.#slices) {
      if (index < oldest) continue;
      totals.attempts += attempts;
      totals.faults += faults;
    }
    return totals;
  }

  #indexAt(nowMs: number): number {
    return Math.floor(nowMs / this.#sliceMs);
  }
}
