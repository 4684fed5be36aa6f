import { CREDIT_BYTES, EXCHANGE_BYTES_MAX } from "./exchange-bounds.ts";

/** The side of a stream that messages are written to. */
export interface MessageStream<Message> {
  /** `onSent` hears when the message is on its way, and the next may follow. */
  write(message: Message, onSent: () => void): unknown;
}

/** What is sent on a stream, counted. */
export interface SentCount {
  /** A message went out, with so many frames. */
  sent(frames: number): void;
}

/** Frames that go together. */
interface Batch<Frame> {
  readonly frames: Frame[];
  bytes: number;
}

/** What a frame has around its bytes, about. */
const FRAME_OVERHEAD_BYTES = 64;
/** A message is closed when it has so many bytes, so that a small frame behind it is not long in coming. */
const MESSAGE_BYTES = CREDIT_BYTES;
/** How long a frame waits for others that may, in milliseconds. */
const SOON_MS = 5;
/** When so many bytes wait, bodies and answers should. */
const WAITING_BYTES_MAX = EXCHANGE_BYTES_MAX;
/**
 * So many frames wait only of those that wait for no room: what the other side is answered that goes on sending, and
 * does not read.
 */
const UNREAD_FRAMES_MAX = 2 * (WAITING_BYTES_MAX / FRAME_OVERHEAD_BYTES);

/**
 * Sends frames over a stream. The first goes at once, with those that come in the same step of the event loop; while
 * its message is on its way frames gather, and the next message has all of them, or as many as fit. So none that
 * matters waits, and the busier the stream is, the more of them share a message.
 */
export class FrameSender<Frame, Message> {
  readonly #stream: MessageStream<Message>;
  readonly #messageOf: (frames: Frame[]) => Message;
  readonly #count: SentCount;
  readonly #onRoom: () => void;
  readonly #waiting: Batch<Frame>[] = [];
  #waitingBytes = 0;
  #waitingFrames = 0;
  /** Whether frames wait that must not. */
  #isUrgent = false;
  #soon: NodeJS.Timeout | undefined;
  #isUnderWay = false;
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
    this.#onRoom = onRoom;
  }

  /** Whether the other side does not keep up: bytes of bodies and answers should wait. */
  get isFull(): boolean {
    return this.#waitingBytes >= WAITING_BYTES_MAX;
  }

  /** Whether the other side sends, and reads nothing of what it is answered. */
  get isUnread(): boolean {
    return this.#waitingFrames >= UNREAD_FRAMES_MAX;
  }

  /** Sends a frame with so many bytes in it, after all that were sent before it. */
  send(frame: Frame, bytes: number): void {
    if (this.#isEnded) return;
    this.#add(frame, bytes);
    this.#goNow();
  }

  /** Sends a frame that nobody waits for: with the next that does not wait, or within 5 ms. */
  sendSoon(frame: Frame, bytes: number): void {
    if (this.#isEnded) return;
    this.#add(frame, bytes);
    this.#goSoon();
  }

  /** Sends what there is, full or not, and nothing from here on. */
  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#soon);
    for (const { frames } of this.#waiting.splice(0)) this.#write(frames, () => {});
  }

  /** Sends nothing from here on, and lets go of what waits. */
  drop(): void {
    this.#isEnded = true;
    clearTimeout(this.#soon);
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#waitingFrames = 0;
  }

  #add(frame: Frame, frameBytes: number): void {
    const bytes = frameBytes + FRAME_OVERHEAD_BYTES;
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.bytes + bytes <= MESSAGE_BYTES) {
      last.frames.push(frame);
      last.bytes += bytes;
    } else {
      this.#waiting.push({ frames: [frame], bytes });
    }
    this.#waitingBytes += bytes;
    this.#waitingFrames += 1;
  }

  #goNow(): void {
    this.#isUrgent = true;
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    process.nextTick(() => this.#sendNext());
  }

  #goSoon(): void {
    if (this.#isUrgent || this.#isUnderWay) return;
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      if (this.#waiting.length > 0) this.#goNow();
    }, SOON_MS);
  }

  #sendNext(): void {
    const next = this.#isUrgent ? this.#waiting.shift() : undefined;
    this.#isUnderWay = next !== undefined;
    if (next === undefined) {
      if (this.#waiting.length > 0) this.#goSoon();
      return;
    }
    this.#isUrgent = this.#waiting.length > 0;
    const wasFull = this.isFull;
    this.#waitingBytes -= next.bytes;
    this.#waitingFrames -= next.frames.length;
    this.#write(next.frames, () => this.#sendNext());
    if (wasFull && !this.isFull) this.#onRoom();
  }

  #write(frames: Frame[], onSent: () => void): void {
    this.#count.sent(frames.length);
    this.#stream.write(this.#messageOf(frames), onSent);
  }
}
