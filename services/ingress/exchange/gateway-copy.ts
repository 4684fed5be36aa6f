import type { ServiceError as RpcError } from "@grpc/grpc-js";
import { INVOCATIONS_MAX } from "#lib/rpc/exchange-bounds.ts";
import type { GatewayServiceClient } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import { CallerStream } from "./caller-stream.ts";
import type { ExchangeOptions } from "./exchange-options.ts";

/** How many streams a copy has. A further one is opened when all are full. */
const STREAMS = 2;
/** How long until a stream is opened again that could not be opened, or soon broke: doubled each time. */
const BACKOFF_MS = 100;
const BACKOFF_MAX_MS = 500;
/** A stream that was open for so long was well. */
const WELL_MS = 5_000;

type StreamOptions = Pick<ExchangeOptions, "count" | "pieceBytesMax">;

/** Hears of a copy's streams. */
export interface CopyObserver {
  /** There is a stream that invocations may go on. */
  onReady(): void;
  /** A stream was left or broke: copies may have come and gone. */
  onLost(error: RpcError | undefined): void;
}

/** One copy of the gateway, at one address, and the streams to it. They are opened again whenever they are lost. */
export class GatewayCopy implements Disposable {
  readonly #client: GatewayServiceClient;
  readonly #observer: CopyObserver;
  readonly #options: StreamOptions;
  readonly #streams = new Set<CallerStream>();
  #failures = 0;
  /** When the last stream was tried that could not be had. */
  #triedInVainAtMs = Number.NEGATIVE_INFINITY;
  #retry: NodeJS.Timeout | undefined;
  #isLeft = false;

  constructor(client: GatewayServiceClient, observer: CopyObserver, options: StreamOptions) {
    this.#client = client;
    this.#observer = observer;
    this.#options = options;
    this.#open();
  }

  /** Whether no stream can be had: none is open or coming, and one that was tried at that time or later was not to be had. */
  isAwaySince(atMs: number): boolean {
    const isComing = this.#streams.values().some(({ state }) => state === "connecting" || state === "ready");
    return !isComing && this.#triedInVainAtMs >= atMs;
  }

  /** The stream that carries least, of those that are ready and not full. Undefined: there is none now. */
  get leastLoaded(): CallerStream | undefined {
    let least: CallerStream | undefined;
    for (const stream of this.#streams) {
      if (stream.state !== "ready" || stream.load >= INVOCATIONS_MAX) continue;
      if (least === undefined || stream.load < least.load) least = stream;
    }
    if (least === undefined) this.#open();
    return least;
  }

  /** Takes no further invocations. When those under way are over, its channel is closed. */
  leave(): void {
    this.#isLeft = true;
    clearTimeout(this.#retry);
    for (const stream of this.#streams) stream.leave();
    this.#closeWhenDone();
  }

  /** Ends all at once. */
  [Symbol.dispose](): void {
    this.leave();
    for (const stream of this.#streams) stream.cut();
    this.#client.close();
  }

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
        onReady: () => {
          wasReady = true;
          this.#observer.onReady();
        },
        onLeft: () => {
          this.#open();
          this.#observer.onLost(undefined);
        },
        onClosed: (error) => {
          this.#streams.delete(stream);
          this.#closeWhenDone();
          if (error === undefined) return;
          if (!wasReady) this.#triedInVainAtMs = openedAtMs;
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
    if (this.#isLeft) return;
    const backoffMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** (this.#failures - 1));
    this.#retry ??= setTimeout(
      () => {
        this.#retry = undefined;
        this.#open();
      },
      backoffMs * (0.8 + 0.4 * Math.random()),
    ).unref();
  }

  #closeWhenDone(): void {
    if (this.#isLeft && this.#streams.size === 0) this.#client.close();
  }
}
