/** The cores of a machine, which those who want one get in the order in which they came. */
export class Cores {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  #first = 0;

  /** Infinity: everybody has one of its own. */
  constructor(count: number) {
    this.#free = count;
  }

  /** Calls `begin` as soon as there is a core for it. */
  take(begin: () => void): void {
    if (this.#free === 0) {
      this.#waiting.push(begin);
      return;
    }
    this.#free -= 1;
    begin();
  }

  /** Gives one back. */
  give(): void {
    const next = this.#waiting[this.#first];
    if (next === undefined) {
      this.#waiting.length = 0;
      this.#first = 0;
      this.#free += 1;
      return;
    }
    this.#first += 1;
    next();
  }
}
