import { CREDIT_BYTES } from "./exchange-bounds.ts";

/** The side of a stream that messages are written to. */
export interface MessageStream<Message> {
  /** False: no more should be written before `drain`. */
  write(message: Message): boolean;
  on(event: "drain", listener: () => void): unknown;
}

/** What is sent on a stream, counted. */
export interface SentCount {
  /** A message went out, with so many frames. */
  sent(frames: number): void;
}

/** What a frame has around its bytes, about. */
const FRAME_OVERHEAD_BYTES = 64;
/** A message is closed when it has so many bytes, so that a small frame behind it is not long in coming. */
const MESSAGE_BYTES = CREDIT_BYTES;

/**
 * Sends frames over a stream: those of one turn of the event loop as one message, or as a few when they are large.
 * While the stream is full, they wait here.
 */
export class FrameSender<Frame, Message> {
  readonly #stream: MessageStream<Message>;
  readonly #messageOf: (frames: Frame[]) => Message;
  readonly #count: SentCount;
  readonly #messages: Frame[][] = [];
  #lastBytes = 0;
  #isPlanned = false;
  #isFull = false;
  #isEnded = false;

  /** `onRoom` hears when the stream takes more, after it was full. */
  constructor(
    stream: MessageStream<Message>,
    messageOf: (frames: Frame[]) => Message,
    count: SentCount,
    onRoom: () => void,
  ) {
    this.#stream = stream;
    this.#messageOf = messageOf;
    this.#count = count;
    stream.on("drain", () => {
      this.#isFull = false;
      this.#write();
      if (!this.#isFull) onRoom();
    });
  }

  /** Whether the other side does not keep up: bytes of bodies and answers should wait. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Sends a frame with so many bytes in it, after all that were sent before it. */
  send(frame: Frame, bytes: number): void {
    if (this.#isEnded) return;
    const all = bytes + FRAME_OVERHEAD_BYTES;
    const last = this.#messages.at(-1);
    if (last === undefined || this.#lastBytes + all > MESSAGE_BYTES) {
      this.#messages.push([frame]);
      this.#lastBytes = all;
    } else {
      last.push(frame);
      this.#lastBytes += all;
    }
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      if (!this.#isFull) this.#write();
    });
  }

  /** Sends what there is, full or not, and nothing from here on. */
  end(): void {
    for (const frames of this.#messages.splice(0)) this.#writeOne(frames);
    this.#isEnded = true;
  }

  #write(): void {
    for (let frames = this.#messages.shift(); frames !== undefined; frames = this.#messages.shift()) {
      if (this.#writeOne(frames)) continue;
      this.#isFull = true;
      return;
    }
  }

  #writeOne(frames: Frame[]): boolean {
    this.#count.sent(frames.length);
    return this.#stream.write(this.#messageOf(frames));
  }
}
