const LF = 0x0a;
const CR = 0x0d;

/**
 * Cuts a stream of server-sent events at its event boundaries (a blank line), in one pass, wherever the network cut it.
 * An event keeps its bytes, the blank line included. Lines end in LF or CRLF.
 */
export class EventSplitter {
  readonly #eventBytesMax: number;
  /** The pieces of the event that has not ended yet. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** Whether the line at hand has had nothing, or nothing but a CR. */
  #lineIsBlank = true;

  /** An event longer than `eventBytesMax` makes {@link push} throw a RangeError. */
  constructor(eventBytesMax: number) {
    this.#eventBytesMax = eventBytesMax;
  }

  /** The events that `bytes` completes, in order. */
  push(bytes: Buffer): readonly Buffer[] {
    const events: Buffer[] = [];
    let eventStart = 0;
    let lineStart = 0;
    for (let newline = bytes.indexOf(LF); newline !== -1; newline = bytes.indexOf(LF, lineStart)) {
      if (this.#lineIsBlank && isBlank(bytes, lineStart, newline)) {
        events.push(this.#take(bytes.subarray(eventStart, newline + 1)));
        eventStart = newline + 1;
      }
      this.#lineIsBlank = true;
      lineStart = newline + 1;
    }
    this.#lineIsBlank &&= isBlank(bytes, lineStart, bytes.length);
    this.#keep(bytes.subarray(eventStart));
    return events;
  }

  /** What came after the last event: empty, when the stream ended where an event did. */
  rest(): Buffer {
    return this.#take(Buffer.alloc(0));
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#pending.push(piece);
    this.#pendingBytes += piece.length;
    if (this.#pendingBytes > this.#eventBytesMax) {
      throw new RangeError(`an event of the stream is longer than ${this.#eventBytesMax} bytes`);
    }
  }

  #take(last: Buffer): Buffer {
    if (this.#pending.length === 0) return last;
    const event = Buffer.concat([...this.#pending, last]);
    this.#pending = [];
    this.#pendingBytes = 0;
    return event;
  }
}

/** The text of an event's `data` lines, joined by line feeds. Undefined: it has none (a comment, a keep-alive). */
export function dataOf(event: Buffer): string | undefined {
  const data: string[] = [];
  for (const line of event.toString("utf8").split("\n")) {
    if (!line.startsWith("data:")) continue;
    const end = line.endsWith("\r") ? line.length - 1 : line.length;
    data.push(line.slice(line[5] === " " ? 6 : 5, end));
  }
  return data.length === 0 ? undefined : data.join("\n");
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  return end === start || (end === start + 1 && bytes[start] === CR);
}
