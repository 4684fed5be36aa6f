import { PendingEvent } from "./pending-event.ts";
import type { Framing } from "./stream-reader.ts";

const LF = 0x0a;
const CR = 0x0d;
const BYTE_ORDER_MARK = "\uFEFF";

/**
 * Cuts a stream of server-sent events at its event boundaries (a blank line), in one pass, wherever the network cut it.
 * An event keeps its bytes, the blank line included. Lines end in LF, CRLF or CR, as the standard has it
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 *
 * A CR at the end of what came may be half of a CRLF, so its line ends with the next byte. Only where the line before
 * ended in a CR alone the blank line ends at once, so that no event waits for the next; an LF behind it is nobody's.
 */
export class EventFraming implements Framing {
  /** Whether the answer is whole is for its reader to say. */
  readonly mayEnd = true;
  readonly #pending: PendingEvent;
  /** Whether the line at hand has had no byte so far. */
  #isBlank = true;
  /** Whether the line before it ended in a CR alone. */
  #followsCr = false;
  /** What the last byte that came was: a CR whose line goes on to be ended, one that has ended it, or anything else. */
  #last: "open CR" | "closed CR" | "other" = "other";

  /** An event longer than `eventBytesMax` makes {@link push} throw a RangeError, once the events before it are taken. */
  constructor(eventBytesMax: number) {
    this.#pending = new PendingEvent(eventBytesMax);
  }

  /** The events that `bytes` completes, in order. All must be taken before the next bytes come. */
  *push(bytes: Buffer): Generator<Buffer, void, void> {
    if (bytes.length === 0) return;
    let eventStart = 0;
    let lineStart = this.#last !== "other" && bytes[0] === LF ? 1 : 0;
    if (this.#last === "open CR" && this.#endLine(lineStart === 0)) {
      yield this.#pending.take(bytes.subarray(0, lineStart));
      eventStart = lineStart;
    }
    this.#last = "other";
    let lf = bytes.indexOf(LF, lineStart);
    let cr = bytes.indexOf(CR, lineStart);
    while (lf !== -1 || cr !== -1) {
      const isCr = cr !== -1 && (lf === -1 || cr < lf);
      const end = isCr ? cr : lf;
      if (end > lineStart) this.#isBlank = false;
      const endsAtOnce = isCr && this.#isBlank && this.#followsCr;
      const isLast = end + 1 === bytes.length;
      const isCrLf = isCr && bytes[end + 1] === LF;
      lineStart = isCrLf ? end + 2 : end + 1;
      if (isCr && isLast) this.#last = endsAtOnce ? "closed CR" : "open CR";
      if (this.#last !== "open CR" && this.#endLine(isCr && (endsAtOnce || !isCrLf))) {
        const eventEnd = endsAtOnce ? end + 1 : lineStart;
        yield this.#pending.take(bytes.subarray(eventStart, eventEnd));
        eventStart = eventEnd;
      }
      if (lf !== -1 && lf < lineStart) lf = bytes.indexOf(LF, lineStart);
      if (cr !== -1 && cr < lineStart) cr = bytes.indexOf(CR, lineStart);
    }
    if (lineStart < bytes.length) this.#isBlank = false;
    this.#pending.keep(bytes.subarray(eventStart));
  }

  /** What came after the last event: empty, when the stream ended where an event did. */
  rest(): Buffer {
    return this.#pending.take(Buffer.alloc(0));
  }

  /** The text of an event's `data` lines, joined by line feeds. Undefined: it has none (a comment, a keep-alive). */
  dataOf(event: Buffer): string | undefined {
    const data: string[] = [];
    for (const line of linesOf(event.toString("utf8"))) {
      if (line === "data") data.push("");
      if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
    }
    return data.length === 0 ? undefined : data.join("\n");
  }

  /** Ends the line at hand. Whether an event ends with it. */
  #endLine(isCrAlone: boolean): boolean {
    const isBlank = this.#isBlank;
    this.#isBlank = true;
    this.#followsCr = isCrAlone;
    return isBlank;
  }
}

/** The lines of an event, without their ends. A byte order mark, with which a stream may begin, is no part of them. */
function linesOf(text: string): readonly string[] {
  const said = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  return said.includes("\r") ? said.split(/\r\n|\r|\n/) : said.split("\n");
}
