import type { Claim } from "../core/limit-claims.ts";
import { type Counters, isOver, type Settlement, type Taken } from "./counters.ts";

/** How often counters of windows that have ended are let go. */
const SWEEP_MS = 10_000;

interface Counter {
  used: number;
  readonly endMs: number;
}

/** Counters in this process's memory: they are gone with it. As many as there are rules, callers and open windows. */
export class MemoryCounters implements Counters {
  readonly trouble = undefined;
  readonly #counters = new Map<string, Counter>();
  readonly #nowMs: () => number;
  #sweptMs = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  async take(_call: string, claims: readonly Claim[]): Promise<Taken> {
    this.#sweep();
    const usedOf = ({ counter }: Claim) => this.#counters.get(counter)?.used ?? 0;
    const refused = claims.find((claim) => isOver(usedOf(claim), claim));
    if (refused === undefined) for (const claim of claims) this.#add(claim, claim.amount);
    return { refused, used: claims.map(usedOf) };
  }

  async settle(_call: string, settlements: readonly Settlement[]): Promise<void> {
    for (const { claim, actual } of settlements) {
      if (this.#counters.has(claim.counter)) this.#add(claim, actual - claim.amount);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#counters.clear();
  }

  #add({ counter, endMs }: Claim, amount: number): void {
    const there = this.#counters.get(counter);
    if (there === undefined) this.#counters.set(counter, { used: amount, endMs });
    else there.used += amount;
  }

  #sweep(): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#sweptMs < SWEEP_MS) return;
    this.#sweptMs = nowMs;
    for (const [name, { endMs }] of this.#counters) if (endMs <= nowMs) this.#counters.delete(name);
  }
}
