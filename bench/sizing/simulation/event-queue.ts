interface Event {
  readonly atMs: number;
  readonly happen: () => void;
}

/** What is yet to happen, in the order of its time; what falls on the same moment in no particular order. */
export class EventQueue {
  /** A binary heap: none is later than the two below it. */
  readonly #events: Event[] = [];
  #nowMs = 0;

  /** The time, in milliseconds. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Lets something happen so long from now. */
  in(ms: number, happen: () => void): void {
    const event = { atMs: this.#nowMs + ms, happen };
    let at = this.#events.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = this.#events[above];
      if (other === undefined || other.atMs <= event.atMs) break;
      this.#events[at] = other;
      at = above;
    }
    this.#events[at] = event;
  }

  /** Lets all happen until that time, or until nothing is left. */
  runUntil(ms: number): void {
    for (let next = this.#events[0]; next !== undefined && next.atMs <= ms; next = this.#events[0]) {
      this.#removeFirst();
      this.#nowMs = next.atMs;
      next.happen();
    }
    this.#nowMs = ms;
  }

  #removeFirst(): void {
    const last = this.#events.pop();
    if (last === undefined || this.#events.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [a, b] = [this.#events[left], this.#events[left + 1]];
      const [below, child] = b !== undefined && a !== undefined && b.atMs < a.atMs ? [left + 1, b] : [left, a];
      if (child === undefined || child.atMs >= last.atMs) break;
      this.#events[at] = child;
      at = below;
    }
    this.#events[at] = last;
  }
}
