/** A place that is taken, until it is disposed of. Disposing of it twice does no more than once. */
export class Turn implements Disposable {
  #giveBack: (() => void) | undefined;

  /** `giveBack` is called once. */
  constructor(giveBack: () => void) {
    this.#giveBack = giveBack;
  }

  [Symbol.dispose](): void {
    const giveBack = this.#giveBack;
    this.#giveBack = undefined;
    giveBack?.();
  }
}
