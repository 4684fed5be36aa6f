import type { WorkerPlace } from "#lib/workers/worker-place.ts";
import type { ExchangeOptions } from "./exchange-options.ts";
import { type CopyObserver, GatewayCopy } from "./gateway-copy.ts";

/** How long until a connection is tried again that came to a worker which has one: doubled each time. */
const AGAIN_MS = 50;
const AGAIN_MAX_MS = 1_000;

/** Hears of the ways to a copy, and of connections that came and went. */
export interface CopyWorkersObserver extends Pick<CopyObserver, "onReady" | "onLost"> {
  onConnections(): void;
}

/**
 * One copy of the gateway, at one address, with a connection to each of its workers. Whose a connection is, and how
 * many workers there are, is told by the streams on it; who opens one cannot choose. One that comes to a worker which
 * has one already is left, and another is opened, until each worker has one.
 */
export class CopyWorkers implements Disposable {
  readonly #address: string;
  readonly #observer: CopyWorkersObserver;
  readonly #options: ExchangeOptions;
  readonly #connections: GatewayCopy[] = [];
  #tries = 0;
  #again: NodeJS.Timeout | undefined;
  #isLeft = false;

  constructor(address: string, observer: CopyWorkersObserver, options: ExchangeOptions) {
    this.#address = address;
    this.#observer = observer;
    this.#options = options;
    this.#connect();
  }

  /** Each is to one worker, but for those that have just been opened. */
  get connections(): readonly GatewayCopy[] {
    return this.#connections;
  }

  /** Takes no further invocations. When those under way are over, its channels are closed. */
  leave(): void {
    this.#isLeft = true;
    clearTimeout(this.#again);
    for (const connection of this.#connections) connection.leave();
  }

  /** Ends all at once. */
  [Symbol.dispose](): void {
    this.leave();
    for (const connection of this.#connections) connection[Symbol.dispose]();
  }

  #connect(): void {
    const { onReady, onLost } = this.#observer;
    const connection: GatewayCopy = new GatewayCopy(
      this.#address,
      { onReady, onLost, onWorker: (place) => this.#isAt(connection, place) },
      this.#options,
    );
    this.#connections.push(connection);
  }

  /** A connection has come to a worker. */
  #isAt(connection: GatewayCopy, { number, count }: WorkerPlace): void {
    if (this.#isLeft) return;
    const isTaken = this.#connections.some((other) => other !== connection && other.worker === number);
    if (isTaken) {
      this.#connections.splice(this.#connections.indexOf(connection), 1);
      connection.leave();
    }
    if (this.#connections.length < count) this.#connectSoon(isTaken);
    else this.#tries = 0;
    this.#observer.onConnections();
  }

  /** One at a time: only what the last one came to says whether there must be another. */
  #connectSoon(wasInVain: boolean): void {
    if (this.#again !== undefined || this.#connections.some(({ worker }) => worker === undefined)) return;
    this.#tries = wasInVain ? this.#tries + 1 : 0;
    const grownMs = wasInVain ? Math.min(AGAIN_MAX_MS, AGAIN_MS * 2 ** (this.#tries - 1)) : 0;
    this.#again = setTimeout(
      () => {
        this.#again = undefined;
        this.#connect();
        this.#observer.onConnections();
      },
      // Two who try at the same pace would take turns for ever, each coming to the worker that the other wants.
      grownMs * (0.5 + Math.random()),
    ).unref();
  }
}
