import type { ServiceError as RpcError } from "@grpc/grpc-js";
import { propagation } from "@opentelemetry/api";
import type { Deadlines } from "#lib/deadlines.ts";
import { CREDIT_BYTES, CREDIT_STEP_BYTES, FRAME_BYTES_MAX } from "#lib/rpc/exchange-bounds.ts";
import { metadataOf } from "#lib/rpc/header-list.ts";
import { rpcFailureOfStatus } from "#lib/rpc/status-details.ts";
import type { CallerFrame, EndFrame, GatewayFrame, PieceFrame } from "#proto/twinspan/gateway/v1/exchange.ts";
import type { InvokeStreamResponse } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { AnswerHead, Header } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { AnswerCall, AnswerListener, OutgoingInvocation } from "../core/invocations.ts";
import { UnsentBody } from "../core/request-body.ts";
import { timeLeftMs } from "./deadline.ts";
import { deadlineExceeded, tooLarge } from "./rpc-error.ts";

/** A body of no more than this goes with `open`. A larger one follows, and is not moved about with what is around it. */
const OPEN_BYTES_MAX = 16 * 1024;
const NOTHING: Buffer = Buffer.alloc(0);

/** What an invocation sees of the stream it is on. */
export interface CarryingStream {
  /** Those of its invocations. */
  readonly deadlines: Deadlines;
  /** The largest piece of an answer, in bytes. */
  readonly pieceBytesMax: number;
  /** Whether the gateway does not keep up with what is sent. */
  readonly isFull: boolean;
  /** Sends a frame of the invocation with that number, with so many bytes in it. */
  send(id: number, frame: NonNullable<CallerFrame["frame"]>, bytes: number): void;
  /** An invocation has ended that was not cancelled. */
  ended(hasFailed: boolean): void;
  /** Nothing more is to be heard of the invocation. */
  left(id: number): void;
}

/** An invocation that goes to the gateway as frames of a stream. */
export class ExchangedInvocation implements AnswerCall {
  readonly #listener: AnswerListener;
  readonly #stream: CarryingStream;
  readonly #id: number;
  readonly #body: UnsentBody;
  readonly #deadline: Disposable;
  readonly #messages: InvokeStreamResponse[] = [];
  readonly #parts: Buffer[] = [];
  #partBytes = 0;
  #head: AnswerHead | undefined;
  #credit = CREDIT_BYTES;
  #takenBytes = 0;
  #isPaused = false;
  #isOver = false;
  #end: { readonly failure: RpcError | undefined } | undefined;

  /** `id`: its number on the stream. */
  constructor({ body, deadline }: OutgoingInvocation, listener: AnswerListener, stream: CarryingStream, id: number) {
    this.#listener = listener;
    this.#stream = stream;
    this.#id = id;
    this.#body = new UnsentBody(body);
    this.#deadline = stream.deadlines.in(timeLeftMs(deadline), () => this.#giveUp(deadlineExceeded(), true));
  }

  /** Sends it with its body, where that is small; else the body follows as there is credit. */
  open({ invocation, body: whole, metadata, caller, deadline }: OutgoingInvocation): void {
    const headers = [...metadata];
    propagation.inject(caller, headers, { set: (all, name, value) => void all.push({ name, value }) });
    const isWhole = whole.bytes <= OPEN_BYTES_MAX;
    const body = isWhole ? this.#body.take(OPEN_BYTES_MAX) : NOTHING;
    this.#credit -= body.length;
    const timeoutMillis = Math.max(1, timeLeftMs(deadline));
    const bodyBytes = isWhole ? 0 : whole.bytes;
    const value = { metadata: headers, timeoutMillis, invocation: { ...invocation, body }, isWhole, bodyBytes };
    this.#send({ $case: "open", value }, bytesOf(headers) + bytesOf(invocation.headers) + body.length);
    if (!isWhole) this.sendBody();
  }

  /** Sends what of its body may go now. */
  sendBody(): void {
    if (this.#body.isEmpty) return;
    while (!this.#body.isEmpty && this.#credit > 0 && !this.#stream.isFull) {
      const bytes = this.#body.take(Math.min(FRAME_BYTES_MAX, this.#credit));
      this.#send({ $case: "body", value: bytes }, bytes.length);
      this.#credit -= bytes.length;
    }
    if (this.#body.isEmpty) this.#send({ $case: "end", value: {} }, 0);
  }

  /** Takes a frame that came for it. */
  take(frame: NonNullable<GatewayFrame["frame"]>): void {
    switch (frame.$case) {
      case "head":
        this.#listener.onMetadata(frame.value.metadata);
        break;
      case "piece":
        this.#takePiece(frame.value);
        break;
      case "credit":
        this.#credit += frame.value;
        this.sendBody();
        break;
      case "end":
        this.fail(failureOf(frame.value));
        break;
      case "drain":
        break;
    }
  }

  /** It has ended, with this failure or well; its caller hears so when it has taken what came before. */
  fail(failure: RpcError | undefined): void {
    this.#stream.ended(failure !== undefined);
    this.#leave();
    this.#end = { failure };
    this.#deliver();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#deliver();
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#end === undefined) this.#sendCancel(false);
    this.#leave();
    this.#messages.length = 0;
  }

  #takePiece({ head, chunk, summary, continues }: PieceFrame): void {
    this.#head ??= head;
    if (continues) {
      this.#parts.push(chunk);
      this.#partBytes += chunk.length;
      this.#giveCredit(chunk.length);
      if (this.#partBytes > this.#stream.pieceBytesMax) this.#giveUp(tooLarge(), false);
      return;
    }
    this.#partBytes = 0;
    const whole = this.#parts.length === 0 ? chunk : Buffer.concat([...this.#parts.splice(0), chunk]);
    // Of what was put together all but the last part has its credit already.
    this.#takenBytes -= whole.length - chunk.length;
    this.#messages.push({ head: this.#head, chunk: whole, summary });
    this.#head = undefined;
    this.#deliver();
  }

  /** Tells its caller what has come, as long as it takes it. */
  #deliver(): void {
    while (!this.#isPaused && !this.#isOver) {
      const message = this.#messages.shift();
      if (message === undefined) break;
      this.#listener.onMessage(message);
      this.#takenBytes += message.chunk.length;
    }
    if (this.#isPaused || this.#isOver) return;
    this.#giveCredit(0);
    if (this.#end === undefined) return;
    this.#isOver = true;
    this.#listener.onEnd(this.#end.failure);
  }

  #giveCredit(bytes: number): void {
    this.#takenBytes += bytes;
    if (this.#takenBytes < CREDIT_STEP_BYTES || this.#end !== undefined) return;
    this.#send({ $case: "credit", value: this.#takenBytes }, 0);
    this.#takenBytes = 0;
  }

  #giveUp(error: RpcError, isDeadlineOver: boolean): void {
    if (this.#isOver || this.#end !== undefined) return;
    this.#sendCancel(isDeadlineOver);
    this.fail(error);
  }

  #sendCancel(isDeadlineOver: boolean): void {
    this.#send({ $case: "cancel", value: { isDeadlineOver } }, 0);
  }

  #send(frame: NonNullable<CallerFrame["frame"]>, bytes: number): void {
    this.#stream.send(this.#id, frame, bytes);
  }

  #leave(): void {
    this.#deadline[Symbol.dispose]();
    this.#stream.left(this.#id);
  }
}

function failureOf({ status, trailers }: EndFrame): RpcError | undefined {
  if (status === undefined) return undefined;
  return Object.assign(new Error(status.message), rpcFailureOfStatus(status, metadataOf(trailers)));
}

function bytesOf(headers: readonly Header[]): number {
  return headers.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
}
