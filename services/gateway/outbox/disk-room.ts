import { statfs } from "node:fs/promises";

/** How long an answer of the disk holds, in milliseconds, and for how many bytes that are written meanwhile. */
const HOLDS_MS = 100;
const HOLDS_BYTES = 4 * 1024 * 1024;

/** How much a disk has left for us: asked for now and then, and reckoned in between. */
export class DiskRoom {
  readonly #directory: string;
  #freeBytes = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  #written = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * How many bytes there are before `bytes` are written. Infinite where the disk does not say: whether it takes them
   * shows then.
   */
  async before(bytes: number): Promise<number> {
    const isOld = performance.now() - this.#askedAt > HOLDS_MS || this.#written + bytes > HOLDS_BYTES;
    if (isOld) {
      this.#freeBytes = await freeBytesIn(this.#directory);
      this.#askedAt = performance.now();
      this.#written = 0;
    }
    this.#written += bytes;
    return this.#freeBytes - (this.#written - bytes);
  }
}

async function freeBytesIn(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
