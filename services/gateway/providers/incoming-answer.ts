import type { Dispatcher } from "undici";

/** The beginning of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
}

/** From so many bytes that wait to be read on the provider is slowed. */
const WAITING_BYTES_MAX = 64 * 1024;

/**
 * An answer as undici hears it: its head, then its body, as fast as it is read. It takes half the processor time of
 * undici's own `request`, which makes a stream of Node's for it.
 */
export class IncomingAnswer implements Dispatcher.DispatchHandler {
  readonly #head = Promise.withResolvers<AnswerHead>();
  readonly #pieces: Buffer[] = [];
  #waitingBytes = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #error: Error | undefined;
  #hasEnded = false;
  #wake: () => void = () => {};

  constructor() {
    // Who has left before the head came need not hear that none does.
    this.#head.promise.catch(() => {});
  }

  /** Resolves when the head is there. Rejects when none comes. */
  get head(): Promise<AnswerHead> {
    return this.#head.promise;
  }

  /**
   * All of the body that has come since it was last asked for, however many pieces that were: a burst costs its reader
   * as much as one. Undefined: it has ended. Rejects, after what has come, when it broke; at once when it was aborted.
   */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      if (this.#pieces.length > 0) return this.#take();
      if (this.#error !== undefined) throw this.#error;
      if (this.#hasEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Gives it up, for this reason: what is under way is cut. Does nothing where it has ended. */
  abort(reason: Error): void {
    if (this.#isOver) return;
    this.#pieces.length = 0;
    this.#waitingBytes = 0;
    this.#fail(reason);
    this.#controller?.abort(reason);
  }

  /** Gives it up where it stands, since nobody reads on. */
  leave(): void {
    // Most have ended, and an error, with its stack, costs more than the rest of a small answer.
    if (!this.#isOver) this.abort(new Error("the answer was left before its end"));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#error !== undefined) controller.abort(this.#error);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: AnswerHead["headers"]): void {
    // Those before the last only announce it.
    if (status >= 200) this.#head.resolve({ status, headers });
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void {
    this.#pieces.push(piece);
    this.#waitingBytes += piece.length;
    if (this.#waitingBytes >= WAITING_BYTES_MAX) controller.pause();
    this.#wake();
  }

  onResponseEnd(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  get #isOver(): boolean {
    return this.#hasEnded || this.#error !== undefined;
  }

  #take(): Buffer {
    const [only] = this.#pieces;
    const taken = this.#pieces.length === 1 && only ? only : Buffer.concat(this.#pieces, this.#waitingBytes);
    this.#pieces.length = 0;
    this.#waitingBytes = 0;
    if (this.#controller?.paused) this.#controller.resume();
    return taken;
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#head.reject(error);
    this.#wake();
  }
}
