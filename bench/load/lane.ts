import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { MessageReader } from "../chains/message-reader.ts";
import type { Load } from "./load.ts";
import { createRequestBytes, type RequestBytes } from "./request-bytes.ts";
import type { Tally } from "./tally.ts";

const READ_BYTES = 64 * 1024;
const STATUS_AT = "HTTP/1.1 ".length;
const DONE = "data: [DONE]";
const EVENT_END = Buffer.from("\n\n");

/** A connection of the load generator, which has one request under way at the most. */
export class Lane implements Disposable {
  readonly #load: Load;
  readonly #tally: Tally;
  readonly #onIdle: (lane: Lane) => void;
  readonly #request: RequestBytes;
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES);
  #reader = new MessageReader();
  #socket: Socket | undefined;
  /** When the request under way was due. Undefined: none is under way. */
  #dueMs: number | undefined;
  #lastEventMs = 0;

  /** `onIdle` is told whenever a request has ended, however it did. */
  constructor(load: Load, tally: Tally, onIdle: (lane: Lane) => void) {
    this.#load = load;
    this.#tally = tally;
    this.#onIdle = onIdle;
    this.#request = createRequestBytes(load);
  }

  /** Connects. Rejects when nobody listens; then `send` tries again. */
  async open(): Promise<void> {
    await once(this.#connect(), "connect");
  }

  /** Sends a request, whose times are counted from `dueMs`. A connection that was closed is opened again. */
  send(dueMs: number): void {
    this.#dueMs = dueMs;
    const socket = this.#socket ?? this.#connect();
    socket.write(this.#request.next());
  }

  /** Gives up the request under way, as one that was not answered in time. */
  giveUp(): void {
    if (this.#dueMs !== undefined) this.#settle("no end");
  }

  [Symbol.dispose](): void {
    this.#socket?.destroy();
  }

  #connect(): Socket {
    const socket = connect({
      port: this.#load.port,
      host: "127.0.0.1",
      noDelay: true,
      // Bytes come to the same place each time: no object is made for what is looked at once.
      onread: { buffer: this.#buffer, callback: (bytes) => this.#read(this.#buffer.subarray(0, bytes)) },
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#reader = new MessageReader();
      if (this.#dueMs !== undefined) this.#settle("cut");
    });
    this.#socket = socket;
    return socket;
  }

  #read(piece: Buffer): boolean {
    const dueMs = this.#dueMs;
    if (dueMs === undefined) return true;
    const nowMs = performance.now();
    const reader = this.#reader;
    const isFirst = reader.isOver || reader.bodyBytes === 0;
    reader.push(piece);
    if (reader.bodyBytes > 0) {
      if (isFirst) this.#tally.firstBytesMs.push(nowMs - dueMs);
      if (this.#load.answer === "paced") this.#countGaps(piece, nowMs, isFirst);
    }
    if (reader.isOver) {
      const failure = this.#failure();
      if (failure === undefined) this.#tally.latenciesMs.push(nowMs - dueMs);
      this.#settle(failure);
    }
    return true;
  }

  #countGaps(piece: Buffer, nowMs: number, isFirst: boolean): void {
    let events = 0;
    for (let at = piece.indexOf(EVENT_END); at >= 0; at = piece.indexOf(EVENT_END, at + 1)) events += 1;
    if (events === 0) return;
    if (!isFirst) this.#tally.gapsMs.push(nowMs - this.#lastEventMs);
    for (let together = 1; together < events; together += 1) this.#tally.gapsMs.push(0);
    this.#lastEventMs = nowMs;
  }

  /** What was wrong with the answer that has ended. Undefined: nothing. */
  #failure(): string | undefined {
    const status = this.#reader.head.slice(STATUS_AT, STATUS_AT + 3);
    if (status !== "200") return `status ${status}`;
    return this.#load.answer !== "plain" && !this.#reader.tail.includes(DONE) ? "stream without its end" : undefined;
  }

  #settle(failure: string | undefined): void {
    this.#dueMs = undefined;
    if (failure !== undefined) this.#tally.failed(failure);
    this.#onIdle(this);
  }
}
