import { type Client, type ServiceError as RpcError, status as rpcStatus } from "@grpc/grpc-js";
import { INVOCATIONS_MAX } from "#lib/rpc/exchange-bounds.ts";
import type { WorkerPlace } from "#lib/workers/worker-place.ts";
import { CallerStream } from "./caller-stream.ts";
import type { Carrier } from "./carrier.ts";
import { CopyCalls } from "./copy-calls.ts";
import { CopyRecord } from "./copy-record.ts";
import type { ExchangeOptions } from "./exchange-options.ts";

/**
 * How many streams a copy has that are not full. More would share its connection, on which HTTP/2 lets one wait for
 * seconds while another has much to send.
 */
const STREAMS = 1;
/** How long until a stream is opened again that could not be opened, or soon broke: doubled each time. */
const BACKOFF_MS = 100;
const BACKOFF_MAX_MS = 250;
/** A stream that was open for so long was well. */
const WELL_MS = 5_000;
const TRY_AGAIN_MS = 30_000;

const RECONNECT_MS = 100;
const RECONNECT_MAX_MS = 1_000;

/**
 * Of a channel for streams: after how long it tries again to connect, which grows so that copies whom nobody can speak
 * with (TLS that fails, say) have few handshakes to make, and ends where it would hide a copy that is there again.
 */
export const RECONNECT = {
  "grpc.initial_reconnect_backoff_ms": RECONNECT_MS,
  "grpc.max_reconnect_backoff_ms": RECONNECT_MAX_MS,
} as const;

/**
 * How long ago a channel without a connection has tried to get one, at the most: `RECONNECT`, gRPC's spread of a fifth,
 * and what it takes to be refused. Streams that are opened meanwhile fail without a try. Where packets are dropped a
 * try hangs until the system gives it up, and streams are `connecting` until then.
 */
const CHANNEL_TRIED_MS = 1.2 * RECONNECT_MAX_MS + 30;

/** Hears of the ways to a copy. */
export interface CopyObserver {
  /** The connection is to this one of the copy's workers. Heard again when it is lost and opened anew. */
  onWorker(place: WorkerPlace): void;
  /** There is one that invocations may go. */
  onReady(): void;
  /** One was left or broke: copies may have come and gone. */
  onLost(error: RpcError | undefined): void;
}

/**
 * One connection to a copy of the gateway, or to one of its workers, and the streams on it. They are opened again
 * whenever they are lost. A copy that does not know Exchange gets calls instead, and is tried again when its connection
 * is lost, and every while.
 */
export class GatewayCopy implements Disposable {
  readonly record = new CopyRecord();
  readonly #address: string;
  readonly #client: Client;
  readonly #observer: CopyObserver;
  readonly #options: ExchangeOptions;
  readonly #streams = new Set<CallerStream>();
  #calls: CopyCalls | undefined;
  #failures = 0;
  #worker: number | undefined;
  /** When it was tried for the last time, at the least, to open a stream that could not be had. */
  #triedInVainAtMs = Number.NEGATIVE_INFINITY;
  #retry: NodeJS.Timeout | undefined;
  #isLeft = false;

  constructor(address: string, observer: CopyObserver, options: ExchangeOptions) {
    this.#address = address;
    this.#client = options.createStreamClient(address);
    this.#observer = observer;
    this.#options = options;
    this.#open();
  }

  /** The number of the worker that it is to, as far as is known. */
  get worker(): number | undefined {
    return this.#worker;
  }

  /** How many invocations are under way. */
  get load(): number {
    let load = this.#calls?.load ?? 0;
    for (const stream of this.#streams) load += stream.load;
    return load;
  }

  /**
   * The way for the next invocation: the stream that carries least, of those that are ready and not full. Undefined:
   * there is none now.
   */
  carrier(): Carrier | undefined {
    let least: CallerStream | undefined;
    for (const stream of this.#streams) {
      if (stream.state !== "ready" || stream.load >= INVOCATIONS_MAX) continue;
      if (least === undefined || stream.load < least.load) least = stream;
    }
    if (least !== undefined) return least;
    if (this.#calls?.isConnected) return this.#calls;
    this.#open();
    return undefined;
  }

  /** Whether it cannot be had: no way is open or coming, and one that was tried at that time or later was not to be had. */
  isAwaySince(atMs: number): boolean {
    const isComing = this.#streams.values().some(({ state }) => state === "connecting" || state === "ready");
    return !isComing && this.#calls === undefined && this.#triedInVainAtMs >= atMs;
  }

  /** Takes no further invocations. When those under way are over, its channels are closed. */
  leave(): void {
    this.#isLeft = true;
    clearTimeout(this.#retry);
    this.#endCalls();
    for (const stream of this.#streams) stream.leave();
    this.#closeWhenDone();
  }

  /** Ends all at once. */
  [Symbol.dispose](): void {
    this.leave();
    for (const stream of this.#streams) stream.cut();
    this.#client.close();
  }

  get #isReady(): boolean {
    return this.#streams.values().some(({ state }) => state === "ready");
  }

  /** Opens as many streams as there should be, unless it is waited with that. */
  #open(): void {
    if (this.#isLeft || this.#retry !== undefined) return;
    const usable = [...this.#streams].filter(({ state, load }) =>
      state === "ready" ? load < INVOCATIONS_MAX : state === "connecting",
    );
    for (let open = usable.length; open < STREAMS; open += 1) this.#openOne();
  }

  #openOne(): void {
    const openedAtMs = performance.now();
    let wasReady = false;
    const stream = new CallerStream(
      this.#client,
      {
        onReady: (place) => {
          wasReady = true;
          this.#endCalls();
          this.#worker = place.number;
          this.#observer.onWorker(place);
          this.#observer.onReady();
        },
        onEnded: (hasFailed) => this.record.ended(hasFailed),
        onLeft: () => {
          this.#open();
          this.#observer.onLost(undefined);
        },
        onClosed: (error) => {
          this.#streams.delete(stream);
          this.#closeWhenDone();
          if (error === undefined) return;
          if (error.code === rpcStatus.UNIMPLEMENTED && !wasReady) {
            this.#callInstead();
            return;
          }
          if (!this.#isReady) this.#worker = undefined;
          if (!wasReady) this.#triedInVainAtMs = openedAtMs - CHANNEL_TRIED_MS;
          this.#reopen(performance.now() - openedAtMs > WELL_MS);
          this.#observer.onLost(error);
        },
      },
      this.#options,
    );
    this.#streams.add(stream);
  }

  #reopen(wasWell: boolean): void {
    this.#failures = wasWell ? 0 : this.#failures + 1;
    if (this.#failures === 0) {
      this.#open();
      return;
    }
    const backoffMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** (this.#failures - 1));
    this.#openLater(backoffMs * (0.8 + 0.4 * Math.random()));
  }

  #openLater(ms: number): void {
    if (this.#isLeft) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#open();
    }, ms).unref();
  }

  /** It does not know Exchange: until that is tried again, or its connection is lost, invocations go as calls. */
  #callInstead(): void {
    if (this.#isLeft) return;
    this.#openLater(this.#options.tryAgainMs ?? TRY_AGAIN_MS);
    if (this.#calls !== undefined) return;
    this.#options.fallbacks.onBegin(this.#address);
    this.#calls = new CopyCalls(this.#options.createCallClient(this.#address), {
      onConnected: () => this.#observer.onReady(),
      onEnded: (hasFailed) => this.record.ended(hasFailed),
      onLost: () => {
        this.#endCalls();
        clearTimeout(this.#retry);
        this.#retry = undefined;
        this.#reopen(false);
        this.#observer.onLost(undefined);
      },
    });
  }

  #endCalls(): void {
    if (this.#calls === undefined) return;
    this.#calls.leave();
    this.#calls = undefined;
    this.#options.fallbacks.onEnd(this.#address);
  }

  #closeWhenDone(): void {
    if (this.#isLeft && this.#streams.size === 0) this.#client.close();
  }
}
