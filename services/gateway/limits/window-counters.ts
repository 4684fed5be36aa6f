import type { Claim } from "../core/limits/limit-claims.ts";

/** What is counted of a claim. */
export type WindowClaim = Pick<Claim, "counter" | "amount" | "max" | "endMs">;

/** How often counters of windows that have ended are let go. */
const SWEEP_MS = 10_000;

interface Counter {
  used: number;
  readonly endMs: number;
}

/** Counters in a process's memory: they are gone with it. As many as there are rules, callers and open windows. */
export class WindowCounters {
  readonly #counters = new Map<string, Counter>();
  readonly #nowMs: () => number;
  #sweptMs = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Takes all claims or none. `refused`: the place of the first that there was no room for. */
  take(claims: readonly WindowClaim[]): { readonly refused: number | undefined; readonly used: readonly number[] } {
    this.#sweep();
    const usedOf = ({ counter }: WindowClaim) => this.#counters.get(counter)?.used ?? 0;
    const refused = claims.findIndex((claim) => isOver(usedOf(claim), claim));
    if (refused === -1) for (const claim of claims) this.#add(claim, claim.amount);
    return { refused: refused === -1 ? undefined : refused, used: claims.map(usedOf) };
  }

  /** Puts what was used in the place of what was claimed. In a window that has ended it changes nothing. */
  settle(settlements: readonly { readonly claim: WindowClaim; readonly actual: number }[]): void {
    for (const { claim, actual } of settlements) {
      if (this.#counters.has(claim.counter)) this.#add(claim, actual - claim.amount);
    }
  }

  #add({ counter, endMs }: WindowClaim, amount: number): void {
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

/** Whether a window that has so much used has no room for a claim. One that is used up has none for anything. */
function isOver(used: number, { amount, max }: WindowClaim): boolean {
  return used >= max || used + amount > max;
}
