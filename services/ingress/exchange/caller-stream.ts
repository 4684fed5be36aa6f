import { type ClientDuplexStream, type ServiceError as RpcError, status as rpcStatus } from "@grpc/grpc-js";
import { context, ROOT_CONTEXT } from "@opentelemetry/api";
import type { ExchangeCount } from "#lib/rpc/exchange-metrics.ts";
import { FrameSender } from "#lib/rpc/frame-sender.ts";
import { rpcErrorOf } from "#lib/rpc/status-details.ts";
import type { CallerFrame, ExchangeRequest, ExchangeResponse } from "#proto/twinspan/gateway/v1/exchange.ts";
import type { GatewayServiceClient } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { ExchangeOptions } from "./exchange-options.ts";
import { type ExchangedInvocation, rpcErrorOfCode } from "./exchanged-invocation.ts";

/** Hears what becomes of a stream, each at most once. */
export interface StreamObserver {
  /** The gateway has answered: invocations may go. */
  onReady(): void;
  /** No invocation may go any more; those under way go on. */
  onLeft(): void;
  /** It is over. Undefined: it was left, and all that went on it has ended. Else what was under way has failed. */
  onClosed(error: RpcError | undefined): void;
}

/** One Exchange stream, on which invocations go to one copy of the gateway. */
export class CallerStream {
  readonly #stream: ClientDuplexStream<ExchangeRequest, ExchangeResponse>;
  readonly #sender: FrameSender<CallerFrame, ExchangeRequest>;
  readonly #observer: StreamObserver;
  readonly #count: ExchangeCount;
  readonly #pieceBytesMax: number;
  readonly #underWay = new Map<number, ExchangedInvocation>();
  #state: "connecting" | "ready" | "left" | "closed" = "connecting";
  #lastId = 0;
  #hasEnded = false;

  /** `pieceBytesMax`: the largest piece of an answer. */
  constructor(
    client: GatewayServiceClient,
    observer: StreamObserver,
    { count, pieceBytesMax }: Pick<ExchangeOptions, "count" | "pieceBytesMax">,
  ) {
    this.#pieceBytesMax = pieceBytesMax;
    this.#observer = observer;
    this.#count = count;
    // It is nobody's: opened while a request is handled, it would carry that request's trace context for all.
    this.#stream = context.with(ROOT_CONTEXT, () => client.exchange());
    this.#sender = new FrameSender(
      this.#stream,
      (frames) => ({ frames }),
      count,
      () => {
        for (const invocation of this.#underWay.values()) invocation.sendBody();
      },
    );
    count.opened();
    this.#stream.on("metadata", () => this.#ready());
    this.#stream.on("data", (message: ExchangeResponse) => this.#take(message));
    this.#stream.on("error", (error) => this.#close(rpcErrorOf(error)));
    this.#stream.on("end", () => this.#close(rpcErrorOfCode(rpcStatus.UNAVAILABLE, "The gateway ended the stream")));
  }

  get state() {
    return this.#state;
  }

  /** How many invocations are under way. */
  get load(): number {
    return this.#underWay.size;
  }

  /** Sends an invocation. The stream must be ready. */
  carry(invocation: ExchangedInvocation): void {
    this.#lastId += 1;
    const id = this.#lastId;
    const sender = this.#sender;
    this.#underWay.set(id, invocation);
    invocation.open({
      pieceBytesMax: this.#pieceBytesMax,
      get isFull() {
        return sender.isFull;
      },
      send: (frame, bytes) => sender.send({ id, frame }, bytes),
      left: () => {
        this.#underWay.delete(id);
        this.#endWhenDone();
      },
    });
  }

  /** Takes no further invocations, and ends when those under way are over. */
  leave(): void {
    if (this.#state === "closed" || this.#state === "left") return;
    if (this.#state === "connecting") this.cut();
    this.#state = "left";
    this.#observer.onLeft();
    this.#endWhenDone();
  }

  /** Ends it at once, with all that is under way. */
  cut(): void {
    this.#stream.cancel();
  }

  #ready(): void {
    if (this.#state !== "connecting") return;
    this.#state = "ready";
    this.#observer.onReady();
  }

  #take({ frames }: ExchangeResponse): void {
    this.#count.received(frames.length);
    for (const { id, frame } of frames) {
      if (frame?.$case === "drain") this.leave();
      else if (frame !== undefined) this.#underWay.get(id)?.take(frame);
    }
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
    this.#observer.onClosed(isOver ? undefined : error);
  }
}
