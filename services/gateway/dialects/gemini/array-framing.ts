import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from "../../core/json/json-bytes.ts";
import { isSpace } from "../../core/json/json-scan.ts";
import { ProviderError } from "../../core/provider-error.ts";
import { PendingEvent } from "../pending-event.ts";
import type { Framing } from "../stream-reader.ts";

/** Where in the array the stream stands: before it, after its bracket, in an element, after one, after a comma, behind it. */
type Place = "start" | "first" | "element" | "after" | "next" | "closed";

/**
 * Cuts a JSON array of objects that grows at the ends of its elements, in one pass, wherever the network cut it. An
 * event is an element with what stands before it, the bracket or the comma, as it came; the closing bracket is no
 * event, but the rest. What is no such array makes {@link push} throw a ProviderError `provider_protocol`, once the
 * elements before are taken.
 */
export class ArrayFraming implements Framing {
  readonly #pending: PendingEvent;
  #place: Place = "start";
  /** How many objects and lists are open within the element. */
  #depth = 0;
  #inString = false;
  /** Whether the string's next byte comes after a backslash. */
  #isEscaped = false;

  /** An event longer than `eventBytesMax` makes {@link push} throw a RangeError, once the events before it are taken. */
  constructor(eventBytesMax: number) {
    this.#pending = new PendingEvent(eventBytesMax);
  }

  get mayEnd(): boolean {
    return this.#place === "closed";
  }

  /** The events that `bytes` completes, in order. All must be taken before the next bytes come. */
  *push(bytes: Buffer): Generator<Buffer, void, void> {
    let eventStart = 0;
    let at = 0;
    while (at < bytes.length) {
      if (this.#place !== "element") this.#place = placeAfter(this.#place, bytes, at);
      if (this.#place !== "element") {
        at += 1;
        continue;
      }
      at = this.#endOfElement(bytes, at);
      if (this.#depth > 0) break;
      this.#place = "after";
      yield this.#pending.take(bytes.subarray(eventStart, at));
      eventStart = at;
    }
    this.#pending.keep(bytes.subarray(eventStart));
  }

  /** What came after the last element: the closing bracket, and the white space around it. */
  rest(): Buffer {
    return this.#pending.take(Buffer.alloc(0));
  }

  /** The element, without what stands before it. */
  dataOf(event: Buffer): string {
    return event.toString("utf8", event.indexOf(OPEN_BRACE));
  }

  /** The place after the element, or after the bytes, where it goes on. */
  #endOfElement(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#inString) {
        at = this.#endOfString(bytes, at);
        continue;
      }
      const byte = bytes[at];
      at += 1;
      if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth += 1;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth -= 1;
      if (this.#depth === 0) return at;
    }
    return at;
  }

  /** The place after the string's closing quote, or after the bytes, where it goes on. */
  #endOfString(bytes: Buffer, from: number): number {
    let at = this.#isEscaped ? from + 1 : from;
    this.#isEscaped = false;
    for (;;) {
      const quote = bytes.indexOf(QUOTE, at);
      const end = quote === -1 ? bytes.length : quote;
      let slashes = 0;
      while (end - 1 - slashes >= at && bytes[end - 1 - slashes] === BACKSLASH) slashes += 1;
      if (quote === -1) {
        this.#isEscaped = slashes % 2 === 1;
        return end;
      }
      at = quote + 1;
      if (slashes % 2 === 1) continue;
      this.#inString = false;
      return at;
    }
  }
}

/** Where the stream stands after a byte that is not of an element, or before the first byte of one. */
function placeAfter(place: Exclude<Place, "element">, bytes: Buffer, at: number): Place {
  const byte = bytes[at];
  if (isSpace(byte)) return place;
  const isNext =
    (place === "start" && byte === OPEN_BRACKET && "first") ||
    ((place === "first" || place === "next") && byte === OPEN_BRACE && "element") ||
    ((place === "first" || place === "after") && byte === CLOSE_BRACKET && "closed") ||
    (place === "after" && byte === COMMA && "next");
  if (isNext) return isNext;
  const message = "The provider's stream is not one JSON array of objects.";
  throw new ProviderError("provider_protocol", message, { text: bytes.toString("utf8", at) });
}
