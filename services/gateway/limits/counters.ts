import type { Claim } from "../core/limits/limit-claims.ts";

/** What became of claims. */
export interface Taken {
  /** The first that there was no room for: then none was taken. Undefined: all were. */
  readonly refused: Claim | undefined;
  /** How much of each claim's window is used now, in the order of the claims. */
  readonly used: readonly number[];
}

/** A claim that was taken, and what came of it. */
export interface Settlement {
  readonly claim: Claim;
  /** What was used instead of `claim.amount`. */
  readonly actual: number;
}

/**
 * Counts what is used of windows. Each window has its own counter, which is forgotten when the window has ended. The
 * store behind it may be away: then both functions reject.
 */
export interface Counters extends AsyncDisposable {
  /**
   * Takes all claims or none, in one step: whatever comes at once, no window is ever promised more than it has. `call`
   * names the call among all.
   */
  take(call: string, claims: readonly Claim[]): Promise<Taken>;
  /** Puts what a call used in the place of what it had claimed. In a window that has ended it changes nothing. */
  settle(call: string, settlements: readonly Settlement[]): Promise<void>;
  /** Why nothing is counted now, in words. Undefined: it is. */
  readonly trouble: string | undefined;
}
