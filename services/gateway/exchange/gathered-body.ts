import { CREDIT_BYTES } from "#lib/rpc/exchange-bounds.ts";

/** On a caller's word room is made for so many bytes, and from then on for so many times what has come. */
const TOLD_BYTES_MAX = CREDIT_BYTES;
const TOLD_TIMES_MAX = 4;

/**
 * A body that comes in pieces, put together as they come: each is copied to its place at once, and keeps nothing of the
 * message it came in. Where its length was told its room is made once, or a few times where it is long.
 */
export class GatheredBody {
  readonly #toldBytes: number;
  #memory: Buffer = Buffer.alloc(0);
  #bytes = 0;

  /** `toldBytes`: how many it will be, as far as its caller says. 0: that is not known. */
  constructor(toldBytes: number) {
    this.#toldBytes = toldBytes;
  }

  /** Takes the next piece. */
  add(piece: Buffer): void {
    const bytes = this.#bytes + piece.length;
    if (bytes > this.#memory.length) this.#grow(bytes);
    this.#memory.set(piece, this.#bytes);
    this.#bytes = bytes;
  }

  /** All that came. */
  get whole(): Buffer {
    return this.#memory.subarray(0, this.#bytes);
  }

  #grow(bytes: number): void {
    const believed = Math.min(this.#toldBytes, Math.max(TOLD_BYTES_MAX, TOLD_TIMES_MAX * bytes));
    const room = believed < bytes ? 2 * this.#memory.length : believed;
    const memory = Buffer.allocUnsafeSlow(Math.max(bytes, room));
    memory.set(this.whole);
    this.#memory = memory;
  }
}
