import type { Claim } from "../core/limits/limit-claims.ts";
import type { Counters, Settlement, Taken } from "./counters.ts";
import { WindowCounters } from "./window-counters.ts";

/** Counters in this process's memory. */
export class MemoryCounters implements Counters {
  readonly trouble = undefined;
  readonly #windows: WindowCounters;

  constructor(nowMs: () => number) {
    this.#windows = new WindowCounters(nowMs);
  }

  async take(_call: string, claims: readonly Claim[]): Promise<Taken> {
    const { refused, used } = this.#windows.take(claims);
    return { refused: refused === undefined ? undefined : claims[refused], used };
  }

  async settle(_call: string, settlements: readonly Settlement[]): Promise<void> {
    this.#windows.settle(settlements);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
