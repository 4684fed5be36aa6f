import { type ServiceError as RpcError, status as rpcStatus } from "@grpc/grpc-js";
import type { AnswerCall, AnswerListener, Invocations, OutgoingInvocation } from "../core/invocations.ts";
import type { CallerStream } from "./caller-stream.ts";
import type { ExchangeOptions } from "./exchange-options.ts";
import { ExchangedInvocation, rpcErrorOfCode } from "./exchanged-invocation.ts";
import { GatewayCopy } from "./gateway-copy.ts";

const LOOK_UP_MS = 30_000;
/** When a stream was lost they are looked up at once, but not more often than this. */
const LOOK_UP_AGAIN_MS = 1_000;

/** An invocation that has no stream yet, and since when. */
interface Waiting {
  readonly invocation: ExchangedInvocation;
  readonly sinceMs: number;
}

/**
 * Invocations as frames of a few long-lived streams to each copy of the gateway: each goes on the stream that carries
 * least. While there is none they wait until each copy has been tried once more (half a second at the most, and what it takes to
 * connect); if none can be had, they fail as calls do whose server cannot be reached. Disposing of it ends all that is under way.
 */
export class Exchange implements Invocations, Disposable {
  readonly #options: ExchangeOptions;
  readonly #copies = new Map<string, GatewayCopy>();
  readonly #lookUpTimer: NodeJS.Timeout;
  #waiting: Waiting[] = [];
  #lookedUpAtMs = Number.NEGATIVE_INFINITY;
  #isLookingUp = false;
  #isClosed = false;
  #lastError: RpcError = rpcErrorOfCode(rpcStatus.UNAVAILABLE, "No stream to the gateway");

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#lookUpTimer = setInterval(() => this.#lookUp(), options.lookUpMs ?? LOOK_UP_MS).unref();
    this.#lookUp();
  }

  get isOpen(): boolean {
    return this.#leastLoaded() !== undefined;
  }

  begin(outgoing: OutgoingInvocation, listener: AnswerListener): AnswerCall {
    const invocation = new ExchangedInvocation(outgoing, listener);
    const stream = this.#leastLoaded();
    if (stream !== undefined) stream.carry(invocation);
    else this.#wait(invocation);
    return invocation;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    clearInterval(this.#lookUpTimer);
    for (const copy of this.#copies.values()) copy[Symbol.dispose]();
    this.#copies.clear();
    this.#giveUp();
  }

  #leastLoaded(): CallerStream | undefined {
    let least: CallerStream | undefined;
    for (const { leastLoaded } of this.#copies.values()) {
      if (leastLoaded !== undefined && (least === undefined || leastLoaded.load < least.load)) least = leastLoaded;
    }
    return least;
  }

  /** Keeps an invocation until a stream is ready, or none can be had of any copy. */
  #wait(invocation: ExchangedInvocation): void {
    this.#waiting.push({ invocation, sinceMs: performance.now() });
    if (this.#copies.size > 0) return;
    this.#lookUp();
    setImmediate(() => this.#giveUp());
  }

  /** Sends those that wait, as far as there are streams. */
  #sendWaiting(): void {
    this.#waiting = this.#waiting.filter(({ invocation }) => {
      if (invocation.isOver) return false;
      const stream = this.#leastLoaded();
      stream?.carry(invocation);
      return stream === undefined;
    });
  }

  /** Lets those that wait fail for which every copy has been tried in vain. */
  #giveUp(): void {
    this.#sendWaiting();
    if (this.#isLookingUp && !this.#isClosed) return;
    const { away = [], others = [] } = Object.groupBy(this.#waiting, ({ sinceMs }) =>
      this.#copies.values().every((copy) => copy.isAwaySince(sinceMs)) ? "away" : "others",
    );
    this.#waiting = others;
    for (const { invocation } of away) invocation.fail(this.#lastError);
  }

  #lookUp(): void {
    const { addresses } = this.#options;
    const isKnown = this.#copies.size > 0;
    if (this.#isClosed || this.#isLookingUp || (isKnown && !addresses.mayChange)) return;
    if (performance.now() - this.#lookedUpAtMs < LOOK_UP_AGAIN_MS) return;
    this.#isLookingUp = true;
    this.#lookedUpAtMs = performance.now();
    addresses
      .lookUp()
      .then(
        (found) => this.#use(new Set(found)),
        (error: unknown) => {
          // The copies that are known stay in use.
          const reason = error instanceof Error ? error.message : String(error);
          this.#lastError = rpcErrorOfCode(rpcStatus.UNAVAILABLE, `Name resolution failed: ${reason}`);
        },
      )
      .finally(() => {
        this.#isLookingUp = false;
        this.#giveUp();
      });
  }

  #use(found: ReadonlySet<string>): void {
    if (this.#isClosed || found.size === 0) return;
    for (const address of found) {
      if (this.#copies.has(address)) continue;
      const observer = {
        onReady: () => this.#sendWaiting(),
        onLost: (error: RpcError | undefined) => {
          this.#lastError = error ?? this.#lastError;
          this.#lookUp();
          if (error !== undefined) this.#giveUp();
        },
      };
      this.#copies.set(address, new GatewayCopy(this.#options.createClient(address), observer, this.#options));
    }
    for (const [address, copy] of this.#copies) {
      if (found.has(address)) continue;
      this.#copies.delete(address);
      copy.leave();
    }
  }
}
