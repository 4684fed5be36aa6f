import type { ServiceError as RpcError } from "@grpc/grpc-js";
import type { AnswerCall, AnswerListener, Invocations, OutgoingInvocation } from "../core/invocations.ts";
import type { Carrier } from "./carrier.ts";
import { lookAt } from "./copy-record.ts";
import { CopyWorkers } from "./copy-workers.ts";
import type { ExchangeOptions } from "./exchange-options.ts";
import type { GatewayCopy } from "./gateway-copy.ts";
import { unavailable } from "./rpc-error.ts";
import { WaitingInvocation } from "./waiting-invocation.ts";

/** When a stream was lost they are looked up at once, but not more often than this. */
const LOOK_UP_AGAIN_MS = 1_000;

/**
 * Invocations as frames of a few long-lived streams to each copy of the gateway: each goes to the copy that has least
 * of them under way. While none can take it, it waits until each copy has been tried once more (a second and a half,
 * and what it takes to connect); if none can be had, it fails as calls do whose server cannot be reached.
 * Disposing of it ends all that is under way.
 */
export class Exchange implements Invocations, Disposable {
  readonly #options: ExchangeOptions;
  readonly #copies = new Map<string, CopyWorkers>();
  /** The connections to all of them. */
  #connections: readonly GatewayCopy[] = [];
  readonly #lookUpTimer: NodeJS.Timeout;
  readonly #lookTimer: NodeJS.Timeout;
  /** The least time between two look-ups. */
  readonly #lookUpAgainMs: number;
  readonly #waiting = new Set<WaitingInvocation>();
  /** Which copy is the first to be asked, so that of those that have the same each takes its turn. */
  #turn = 0;
  #lookedUpAtMs = Number.NEGATIVE_INFINITY;
  #isLookingUp = false;
  #isClosed = false;
  #lastError: RpcError = unavailable("No stream to the gateway");

  constructor(options: ExchangeOptions) {
    const { lookUpMs, outliers } = options.peers;
    this.#options = options;
    this.#lookUpTimer = setInterval(() => this.#lookUp(), lookUpMs).unref();
    this.#lookTimer = setInterval(() => {
      lookAt(
        this.#connections.map(({ record }) => record),
        outliers,
        performance.now(),
      );
    }, outliers.everyMs).unref();
    this.#lookUpAgainMs = Math.min(LOOK_UP_AGAIN_MS, lookUpMs / 2);
    this.#lookUp();
  }

  get isOpen(): boolean {
    return this.#carrier() !== undefined;
  }

  begin(outgoing: OutgoingInvocation, listener: AnswerListener): AnswerCall {
    const carrier = this.#carrier();
    if (carrier !== undefined) return carrier.begin(outgoing, listener);
    const waiting = new WaitingInvocation(outgoing, listener, () => this.#waiting.delete(waiting));
    this.#wait(waiting);
    return waiting;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    clearInterval(this.#lookUpTimer);
    clearInterval(this.#lookTimer);
    for (const copy of this.#copies.values()) copy[Symbol.dispose]();
    this.#copies.clear();
    this.#gather();
    this.#giveUp();
  }

  /** The way to the copy that has least under way. One that is left alone is better than none. */
  #carrier(): Carrier | undefined {
    const connections = this.#connections;
    this.#turn += 1;
    let least: Carrier | undefined;
    let leastLoad = Number.POSITIVE_INFINITY;
    for (let asked = 0; asked < connections.length; asked += 1) {
      const copy = connections[(this.#turn + asked) % connections.length];
      const carrier = copy?.carrier();
      if (copy === undefined || carrier === undefined) continue;
      const load = copy.record.isLeftAlone ? Number.MAX_SAFE_INTEGER : copy.load;
      if (load >= leastLoad) continue;
      least = carrier;
      leastLoad = load;
    }
    return least;
  }

  /** Keeps an invocation until there is a way, or none can be had of any copy. */
  #wait(invocation: WaitingInvocation): void {
    this.#waiting.add(invocation);
    if (this.#copies.size > 0) return;
    this.#lookUp();
    setImmediate(() => this.#giveUp());
  }

  /** Sends those that wait, as far as there are ways. */
  #sendWaiting(): void {
    for (const invocation of this.#waiting) {
      const carrier = this.#carrier();
      if (carrier === undefined) return;
      invocation.go(carrier);
    }
  }

  /** Lets those that wait fail for which every copy has been tried in vain. */
  #giveUp(): void {
    this.#sendWaiting();
    if (this.#isLookingUp && !this.#isClosed) return;
    const away = [...this.#waiting].filter(({ sinceMs }) =>
      this.#connections.every((copy) => copy.isAwaySince(sinceMs)),
    );
    for (const invocation of away) invocation.fail(this.#lastError);
  }

  #lookUp(): void {
    const { addresses } = this.#options;
    const isKnown = this.#copies.size > 0;
    if (this.#isClosed || this.#isLookingUp || (isKnown && !addresses.mayChange)) return;
    if (performance.now() - this.#lookedUpAtMs < this.#lookUpAgainMs) return;
    this.#isLookingUp = true;
    this.#lookedUpAtMs = performance.now();
    addresses
      .lookUp()
      .then(
        (found) => this.#use(new Set(found)),
        (error: unknown) => {
          // The copies that are known stay in use.
          const reason = error instanceof Error ? error.message : String(error);
          this.#lastError = unavailable(`Name resolution failed: ${reason}`);
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
        onConnections: () => this.#gather(),
      };
      this.#copies.set(address, new CopyWorkers(address, observer, this.#options));
    }
    for (const [address, copy] of this.#copies) {
      if (found.has(address)) continue;
      this.#copies.delete(address);
      copy.leave();
    }
    this.#gather();
  }

  #gather(): void {
    this.#connections = Array.from(this.#copies.values(), ({ connections }) => connections).flat();
  }
}
