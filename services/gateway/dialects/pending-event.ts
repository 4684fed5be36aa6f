/** The pieces of an event that has not ended yet, as the network cut it. */
export class PendingEvent {
  readonly #bytesMax: number;
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** An event longer than `bytesMax` makes the methods throw a RangeError. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Keeps a piece that the event does not end in. */
  keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    this.#checkSize(this.#bytes);
  }

  /** The event, whose last piece is `last`. The next one begins. */
  take(last: Buffer): Buffer {
    this.#checkSize(this.#bytes + last.length);
    if (this.#pieces.length === 0) return last;
    const event = Buffer.concat([...this.#pieces, last]);
    this.#pieces = [];
    this.#bytes = 0;
    return event;
  }

  #checkSize(bytes: number): void {
    if (bytes > this.#bytesMax) throw new RangeError(`an event of the stream is longer than ${this.#bytesMax} bytes`);
  }
}
