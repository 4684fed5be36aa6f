import { PendingEvent } from "./pending-event.ts";
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
  /** Whether the answer is whole is for its reader to say. */
  readonly mayEnd = true;
  readonly #pending: PendingEvent;
  #line: Line = "empty";

  /** An event longer than `eventBytesMax` makes {@link push} throw a RangeError, once the events before it are taken. */
  constructor(eventBytesMax: number) {
    this.#pending = new PendingEvent(eventBytesMax);
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
      yield this.#pending.take(event);
    }
    this.#line = lineAfter(this.#line, bytes, lineStart, bytes.length);
    this.#pending.keep(bytes.subarray(eventStart));
  }

  /** What came after the last event: empty, when the stream ended where an event did. */
  rest(): Buffer {
    return this.#pending.take(Buffer.alloc(0));
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
}

/** The line at hand, with what came of it in `bytes` from `start` to `end`. */
function lineAfter(line: Line, bytes: Buffer, start: number, end: number): Line {
  if (start === end) return line;
  return line === "empty" && end === start + 1 && bytes[start] === CR ? "cr" : "text";
}
