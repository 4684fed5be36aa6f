import type { Fault } from "./faults.ts";

/** A fault that was drawn, and how much of it there is to be, from 0 to 1. */
export interface Drawn {
  readonly fault: Fault;
  readonly figure: number;
}

/** Deals faults: each once, in an order that chance has made, then all again. Never two at once that need the same. */
export class Deck {
  readonly #faults: readonly Fault[];
  readonly #random: () => number;
  #cards: Drawn[] = [];
  readonly #inUse = new Set<string>();

  constructor(faults: readonly Fault[], random: () => number) {
    this.#faults = faults;
    this.#random = random;
  }

  /** Takes the next fault that may happen now. Undefined: none may. It must be put back. */
  draw(): Drawn | undefined {
    if (this.#cards.length === 0) this.#shuffle();
    const place = this.#cards.findIndex(({ fault }) => fault.needs.every((need) => !this.#inUse.has(need)));
    if (place < 0) return undefined;
    const [drawn] = this.#cards.splice(place, 1);
    for (const need of drawn?.fault.needs ?? []) this.#inUse.add(need);
    return drawn;
  }

  /** Says that it is over. */
  putBack({ needs }: Fault): void {
    for (const need of needs) this.#inUse.delete(need);
  }

  #shuffle(): void {
    this.#cards = this.#faults
      .map((fault) => ({ fault, figure: this.#random(), order: this.#random() }))
      .sort((a, b) => a.order - b.order);
  }
}
