/** The body of a request, as it came: bytes in pieces of any length, none of them empty. */
export interface RequestBody {
  readonly pieces: readonly Buffer[];
  /** All of them together. */
  readonly bytes: number;
}

/** A body in one piece. It is copied only where it came in several. */
export function joined({ pieces, bytes }: RequestBody): Buffer {
  const [first] = pieces;
  return first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces, bytes);
}

/** Pieces are put together until they have so many bytes: a frame costs as much as a few kilobytes. */
const GATHERED_BYTES = 16 * 1024;

/** What is still to be sent of a body. What was taken is not kept. */
export class UnsentBody {
  /** The next piece is the last of these. */
  readonly #pieces: Buffer[];

  constructor({ pieces }: RequestBody) {
    this.#pieces = pieces.toReversed();
  }

  /** Whether nothing is left. */
  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** Takes the next bytes, at most `bytesMax`: a view of a piece where that is large, else of pieces together. */
  take(bytesMax: number): Buffer {
    const parts: Buffer[] = [];
    let bytes = 0;
    for (const enough = Math.min(bytesMax, GATHERED_BYTES); bytes < enough && !this.isEmpty; ) {
      const part = this.#part(bytesMax - bytes);
      parts.push(part);
      bytes += part.length;
    }
    return joined({ pieces: parts, bytes });
  }

  #part(bytesMax: number): Buffer {
    const piece = this.#pieces.pop() ?? Buffer.alloc(0);
    if (piece.length <= bytesMax) return piece;
    this.#pieces.push(piece.subarray(bytesMax));
    return piece.subarray(0, bytesMax);
  }
}
