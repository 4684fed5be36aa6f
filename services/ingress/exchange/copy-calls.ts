import { connectivityState } from "@grpc/grpc-js";
import type { GatewayServiceClient } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { AnswerCall, AnswerListener, Invocations, OutgoingInvocation } from "../core/invocations.ts";
import { callsOfTheirOwn } from "./calls-of-their-own.ts";
import type { Carrier } from "./carrier.ts";

/** Hears of a connection that calls go over. */
export interface ConnectionObserver {
  /** A call has ended that was not cancelled. */
  onEnded(hasFailed: boolean): void;
  /** It is there: calls may go. */
  onConnected(): void;
  /** It could not be had, or is lost. Heard once; nothing is heard after it. */
  onLost(): void;
}

/** Invocations as calls of their own to one copy of the gateway, as long as its connection lasts. */
export class CopyCalls implements Carrier {
  readonly #client: GatewayServiceClient;
  readonly #observer: ConnectionObserver;
  readonly #calls: Invocations;
  #isConnected = false;
  #isLeft = false;
  #load = 0;

  /** The client is closed when the copy was left and all calls are over. */
  constructor(client: GatewayServiceClient, observer: ConnectionObserver) {
    this.#client = client;
    this.#observer = observer;
    this.#calls = callsOfTheirOwn(client);
    this.#watch();
  }

  get load(): number {
    return this.#load;
  }

  /** Whether calls may go. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  begin(outgoing: OutgoingInvocation, listener: AnswerListener): AnswerCall {
    this.#load += 1;
    let isUnderWay = true;
    const end = () => {
      if (isUnderWay) this.#ended();
      isUnderWay = false;
    };
    const call = this.#calls.begin(outgoing, {
      onMetadata: (metadata) => listener.onMetadata(metadata),
      onMessage: (message) => listener.onMessage(message),
      onEnd: (failure) => {
        if (isUnderWay) this.#observer.onEnded(failure !== undefined);
        end();
        listener.onEnd(failure);
      },
    });
    return {
      pause: () => call.pause(),
      resume: () => call.resume(),
      cancel() {
        end();
        call.cancel();
      },
    };
  }

  /** Takes no further calls. */
  leave(): void {
    this.#isLeft = true;
    this.#isConnected = false;
    this.#closeWhenDone();
  }

  /** Follows the state of the channel, which connects now. */
  #watch(): void {
    if (this.#isLeft) return;
    const channel = this.#client.getChannel();
    const state = channel.getConnectivityState(true);
    const wasConnected = this.#isConnected;
    this.#isConnected = state === connectivityState.READY;
    if (this.#isConnected) this.#observer.onConnected();
    else if (wasConnected || state === connectivityState.TRANSIENT_FAILURE) {
      this.leave();
      this.#observer.onLost();
      return;
    }
    channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => this.#watch());
  }

  #ended(): void {
    this.#load -= 1;
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (this.#isLeft && this.#load === 0) this.#client.close();
  }
}
