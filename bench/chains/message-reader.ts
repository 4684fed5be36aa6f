const NOTHING: Buffer = Buffer.alloc(0);
const HEAD_END = Buffer.from("\r\n\r\n");
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const CHUNKED = /\r\ntransfer-encoding: *chunked/i;
const LAST_CHUNK = Buffer.from("\r\n0\r\n\r\n");
/** The last chunk may be the first: then the end of the head is before it. */
const HEAD_LINE_END = Buffer.from("\r\n");
/** The end of a body that is kept while it comes: the last chunk's bytes, and `data: [DONE]` before them. */
const TAIL_BYTES = 64;

/**
 * Finds where messages of HTTP/1.1 begin and end on a connection, by their length or their last chunk, and reads no
 * more of them than that: for programs that measure, and should take next to nothing themselves. Messages come one at a
 * time. A body in chunks must not itself hold what a last chunk looks like.
 */
export class MessageReader {
  /** The head of the message that comes, whole; empty while it is not. */
  head = "";
  /** How many bytes of its body have come, the framing of chunks included. */
  bodyBytes = 0;
  /** The message has come whole. The next `push` begins another. */
  isOver = false;
  /** The last bytes, at most 64, of a body in chunks, framing included. */
  tail: Buffer = NOTHING;
  #headSoFar = NOTHING;
  /** How long the body is. -1: it comes in chunks. */
  #length = 0;

  /** Takes the next bytes of the connection. The piece is not kept. */
  push(piece: Buffer): void {
    if (this.isOver) this.#reset();
    let body = piece;
    if (this.head === "") {
      const bytes = this.#headSoFar.length === 0 ? piece : Buffer.concat([this.#headSoFar, piece]);
      const end = bytes.indexOf(HEAD_END);
      if (end < 0) {
        this.#headSoFar = Buffer.from(bytes);
        return;
      }
      this.head = bytes.toString("latin1", 0, end + HEAD_LINE_END.length);
      body = bytes.subarray(end + HEAD_END.length);
      this.#length = lengthOf(this.head);
      this.tail = HEAD_LINE_END;
    }
    this.bodyBytes += body.length;
    if (this.#length >= 0) this.isOver = this.bodyBytes >= this.#length;
    else this.isOver = this.#isLast(body);
  }

  #isLast(body: Buffer): boolean {
    if (body.length > 0) {
      const before = body.length < TAIL_BYTES ? this.tail : NOTHING;
      this.tail = Buffer.concat([before, body.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
    }
    return this.tail.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
  }

  #reset(): void {
    this.head = "";
    this.bodyBytes = 0;
    this.isOver = false;
    this.tail = NOTHING;
    this.#headSoFar = NOTHING;
  }
}

/** The body's length as the head has it. -1: it comes in chunks. Neither: there is none. */
function lengthOf(head: string): number {
  const length = LENGTH.exec(head)?.[1];
  if (length !== undefined) return Number(length);
  return CHUNKED.test(head) ? -1 : 0;
}
