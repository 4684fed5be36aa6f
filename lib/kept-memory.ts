/** It grows at least to this many bytes. */
const BYTES_MIN = 16 * 1024;

/**
 * Memory for one who needs much of it again and again, and is always done with it before the next time. Memory that is
 * made anew each time costs more in garbage collection than all else that is done with it.
 */
export class KeptMemory {
  readonly #keptBytesMax: number;
  #memory = Buffer.alloc(0);

  /** `keptBytesMax`: when more than that is asked for, it is made anew and not kept. */
  constructor(keptBytesMax: number) {
    this.#keptBytesMax = keptBytesMax;
  }

  /** So many bytes; what they hold is not said. Whoever took some before must be done with it. */
  take(bytes: number): Buffer {
    if (bytes > this.#keptBytesMax) return Buffer.allocUnsafeSlow(bytes);
    if (bytes > this.#memory.length) {
      const grown = Math.max(bytes, 2 * this.#memory.length, BYTES_MIN);
      this.#memory = Buffer.allocUnsafeSlow(Math.min(grown, this.#keptBytesMax));
    }
    return this.#memory.subarray(0, bytes);
  }
}
