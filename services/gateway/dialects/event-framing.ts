import type { Framing } from "./stream-reader.ts";

const LF = 0x0a;
const CR = 0x0d;

/** What the line at hand has had so far: nothing; a CR and nothing else; anything else. */
type Line = "empty" | "cr" | "text";

/**
 * Cuts a stream of server-sent events at its event boundaries (a blank line), in one pass, wherever the network cut it.
 * An event keeps its bytes, the blank line included. Lines end in LF or CRLF.
 */
export class EventFraming implements Framing {
  readonly #eventBytesMax: number;
  /** The pieces of the event that has not ended yet. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #line: Line = "empty";

  /** An event longer than `eventBytesMax` makes {@link push} throw a RangeError, once the events before it are taken. */
  constructor(eventBytesMax: number) {
    this.#eventBytesMax = eventBytesMax;
  }

  /** The events that `bytes` completes, in order. All must be taken before the next bytes come. */
  *push(bytes: Buffer): Generator<Buffer, void, void> {
    let eventStart = 0;
    let lineStart = 0;
    for (let newline = bytes.indexOf(LF); newline !== -1; newline = bytes.indexOf(LF, lineStart)) {
      const isBlank = lineAfter(this.#line, bytes, lineStart, newline) !== "text";
      this.#line = "empty";
      lineStart = newline + 1;
      if (!isBlank) continue;
      const event = bytes.subarray(eventStart, lineStart);
      eventStart = lineStart;
      yield this.#take(event);
    }
    this.#line = lineAfter(this.#line, bytes, lineStart, bytes.length);
    this.#keep(bytes.subarray(eventStart));
  }

  /** What came after the last event: empty, when the stream ended where an event did. */
  rest(): Buffer {
    return this.#take(Buffer.alloc(0));
  }

  /** The text of an event's `data` lines, joined by line feeds. Undefined: it has none (a comment, a keep-alive). */
  dataOf(event: Buffer): string | undefined {
    const data: string[] = [];
    for (const line of event.toString("utf8").split("\n")) {
      if (!line.startsWith("data:")) continue;
      const end = line.endsWith("\r") ? line.length - 1 : line.length;
      data.push(line.slice(line[5] === " " ? 6 : 5, end));
    }
    return data.length === 0 ? undefined : data.join("\n");
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#pending.push(piece);
    this.#pendingBytes += piece.length;
    this.#checkSize(this.#pendingBytes);
  }

  #checkSize(bytes: number): void {
    if (bytes > this.#eventBytesMax) {
      throw new RangeError(`an event of the stream is longer than ${this.#eventBytesMax} bytes`);
    }
  }

  #take(last: Buffer): Buffer {
    this.#checkSize(this.#pendingBytes + last.length);
    if (this.#pending.length === 0) return last;
    const event = Buffer.concat([...this.#pending, last]);
    this.#pending = [];
    this.#pendingBytes = 0;
    return event;
  }
}

/** The line at hand, with what came of it in `bytes` from `start` to `end`. */
function lineAfter(line: Line, bytes: Buffer, start: number, end: number): Line {
  if (start === end) return line;
  return line === "empty" && end === start + 1 && bytes[start] === CR ? "cr" : "text";
}
