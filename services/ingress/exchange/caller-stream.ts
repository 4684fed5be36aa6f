import type { Client, ClientDuplexStream, Metadata, ServiceError as RpcError } from "@grpc/grpc-js";
import { context, ROOT_CONTEXT } from "@opentelemetry/api";
import { Deadlines } from "#lib/deadlines.ts";
import { EXCHANGE } from "#lib/rpc/exchange-method.ts";
import type { ExchangeCount } from "#lib/rpc/exchange-metrics.ts";
import { FrameSender } from "#lib/rpc/frame-sender.ts";
import { callerFramesPacker } from "#lib/rpc/pack-frames.ts";
import { rpcErrorOf } from "#lib/rpc/status-details.ts";
import { ALONE, placeOf, WORKER_METADATA, type WorkerPlace } from "#lib/workers/worker-place.ts";
import type { CallerFrame, ExchangeRequest, ExchangeResponse } from "#proto/twinspan/gateway/v1/exchange.ts";
import type { AnswerCall, AnswerListener, OutgoingInvocation } from "../core/invocations.ts";
import type { Carrier } from "./carrier.ts";
import type { ExchangeOptions } from "./exchange-options.ts";
import { type CarryingStream, ExchangedInvocation } from "./exchanged-invocation.ts";
import { unavailable } from "./rpc-error.ts";

/** Hears what becomes of a stream, each at most once but for the ends of invocations. */
export interface StreamObserver {
  /** An invocation has ended that was not cancelled. */
  onEnded(hasFailed: boolean): void;
  /** The gateway has answered, from this one of its workers: invocations may go. */
  onReady(place: WorkerPlace): void;
  /** No invocation may go any more; those under way go on. */
  onLeft(): void;
  /** It is over. Undefined: it was left, and all that went on it has ended. Else what was under way has failed. */
  onClosed(error: RpcError | undefined): void;
}

/** One Exchange stream, on which invocations go to one copy of the gateway. */
export class CallerStream implements Carrier {
  readonly #stream: ClientDuplexStream<ExchangeRequest, ExchangeResponse>;
  readonly #sender: FrameSender<CallerFrame, ExchangeRequest>;
  readonly #observer: StreamObserver;
  readonly #count: ExchangeCount;
  readonly #carrying: CarryingStream;
  readonly #deadlines = new Deadlines();
  readonly #underWay = new Map<number, ExchangedInvocation>();
  #state: "connecting" | "ready" | "left" | "closed" = "connecting";
  #lastId = 0;
  #hasEnded = false;

  /** `pieceBytesMax`: the largest piece of an answer. */
  constructor(
    client: Client,
    observer: StreamObserver,
    { count, pieceBytesMax }: Pick<ExchangeOptions, "count" | "pieceBytesMax">,
  ) {
    this.#observer = observer;
    this.#count = count;
    // It is nobody's: opened while a request is handled, it would carry that request's trace context for all.
    this.#stream = context.with(ROOT_CONTEXT, () =>
      client.makeBidiStreamRequest(EXCHANGE.path, callerFramesPacker(), EXCHANGE.responseDeserialize),
    );
    this.#sender = new FrameSender(
      this.#stream,
      (frames) => ({ frames }),
      count,
      () => {
        for (const invocation of this.#underWay.values()) invocation.sendBody();
      },
    );
    const sender = this.#sender;
    this.#carrying = {
      deadlines: this.#deadlines,
      pieceBytesMax,
      get isFull() {
        return sender.isFull;
      },
      send: (id, frame, bytes) => sender.send({ id, frame }, bytes),
      ended: (hasFailed) => observer.onEnded(hasFailed),
      left: (id) => this.#leftBy(id),
    };
    count.opened();
    this.#stream.on("metadata", (metadata) => this.#ready(metadata));
    this.#stream.on("data", (message: ExchangeResponse) => this.#take(message));
    this.#stream.on("error", (error) => this.#close(rpcErrorOf(error)));
    this.#stream.on("end", () => this.#close(unavailable("The gateway ended the stream")));
  }

  get state() {
    return this.#state;
  }

  /** How many invocations are under way. */
  get load(): number {
    return this.#underWay.size;
  }

  /** Sends an invocation. The stream must be ready. */
  begin(outgoing: OutgoingInvocation, listener: AnswerListener): AnswerCall {
    this.#lastId += 1;
    const invocation = new ExchangedInvocation(outgoing, listener, this.#carrying, this.#lastId);
    this.#underWay.set(this.#lastId, invocation);
    invocation.open(outgoing);
    return invocation;
  }

  /** Takes no further invocations, and ends when those under way are over. */
  leave(): void {
    if (this.#state === "closed" || this.#state === "left") return;
    if (this.#state === "connecting") this.cut();
    this.#state = "left";
    this.#observer.onLeft();
    this.#endWhenDone();
  }

  /** Ends it at once: what is under way fails. */
  cut(): void {
    this.#stream.cancel();
  }

  #ready(metadata: Metadata): void {
    if (this.#state !== "connecting") return;
    this.#state = "ready";
    this.#observer.onReady(placeOf(String(metadata.get(WORKER_METADATA)[0])) ?? ALONE);
  }

  #take({ frames }: ExchangeResponse): void {
    this.#count.received(frames.length);
    for (const { id, frame } of frames) {
      if (frame?.$case === "drain") this.leave();
      else if (frame !== undefined) this.#underWay.get(id)?.take(frame);
    }
  }

  #leftBy(id: number): void {
    this.#underWay.delete(id);
    this.#endWhenDone();
  }

  #endWhenDone(): void {
    if (this.#state !== "left" || this.#underWay.size > 0 || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#sender.end();
    this.#stream.end();
  }

  #close(error: RpcError): void {
    if (this.#state === "closed") return;
    const isOver = this.#state === "left" && this.#underWay.size === 0;
    this.#state = "closed";
    this.#count.closed();
    for (const invocation of [...this.#underWay.values()]) invocation.fail(error);
    this.#deadlines[Symbol.dispose]();
    this.#observer.onClosed(isOver ? undefined : error);
  }
}
