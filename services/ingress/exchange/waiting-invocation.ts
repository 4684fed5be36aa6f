import type { ServiceError as RpcError } from "@grpc/grpc-js";
import type { AnswerCall, AnswerListener, OutgoingInvocation } from "../core/invocations.ts";
import type { Carrier } from "./carrier.ts";
import { timeLeftMs } from "./deadline.ts";
import { deadlineExceeded } from "./rpc-error.ts";

/** An invocation that waits for a way to the gateway, at the longest until its deadline. */
export class WaitingInvocation implements AnswerCall {
  /** Since when, on the clock of `performance.now()`. */
  readonly sinceMs = performance.now();
  /** Undefined: it waits no more. Its body is not kept here then. */
  #outgoing: OutgoingInvocation | undefined;
  readonly #listener: AnswerListener;
  readonly #onOver: () => void;
  readonly #deadline: NodeJS.Timeout;
  #call: AnswerCall | undefined;

  /** `onOver` hears when it waits no more: it is on its way, has failed, or its caller has gone. */
  constructor(outgoing: OutgoingInvocation, listener: AnswerListener, onOver: () => void) {
    this.#outgoing = outgoing;
    this.#listener = listener;
    this.#onOver = onOver;
    this.#deadline = setTimeout(() => this.fail(deadlineExceeded()), timeLeftMs(outgoing.deadline));
  }

  /** Sends it on its way. */
  go(carrier: Carrier): void {
    const outgoing = this.#outgoing;
    if (outgoing === undefined) return;
    this.#end();
    this.#call = carrier.begin(outgoing, this.#listener);
  }

  /** It cannot be sent. */
  fail(error: RpcError): void {
    this.#end();
    this.#listener.onEnd(error);
  }

  pause(): void {
    this.#call?.pause();
  }

  resume(): void {
    this.#call?.resume();
  }

  cancel(): void {
    this.#end();
    this.#call?.cancel();
  }

  #end(): void {
    this.#outgoing = undefined;
    this.#onOver();
    clearTimeout(this.#deadline);
  }
}
