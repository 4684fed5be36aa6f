import { CREDIT_BYTES } from "#lib/rpc/exchange-bounds.ts";

/** On a caller's word room is made for so many bytes, and from then on for so many times what has come. */
const TOLD_BYTES_MAX = CREDIT_BYTES;
const TOLD_TIMES_MAX = 4;
/** A body may lie in so many times the memory that it takes, once it is whole. */
const WHOLE_TIMES_MAX = 2;

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

  /** All that came, in at most twice the memory that it takes, whatever was told. */
  get whole(): Buffer {
    if (this.#memory.length > WHOLE_TIMES_MAX * this.#bytes) this.#move(this.#bytes);
    return this.#memory.subarray(0, this.#bytes);
  }

  #grow(bytes: number): void {
    const believed = Math.min(this.#toldBytes, Math.max(TOLD_BYTES_MAX, TOLD_TIMES_MAX * bytes));
    const room = believed < bytes ? 2 * this.#memory.length : believed;
    this.#move(Math.max(bytes, room));
  }

  /** To memory of so many bytes. */
  #move(bytes: number): void {
    const memory = Buffer.allocUnsafeSlow(bytes);
    memory.set(this.#memory.subarray(0, this.#bytes));
    this.#memory = memory;
  }
}
