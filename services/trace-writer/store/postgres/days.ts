const DAY_NS = 86_400_000_000_000n;
const DAY_MS = 86_400_000;

/** The day of a time in nanoseconds since the Unix epoch, counted from 1970. */
export function dayOf(ns: bigint): number {
  return Number(ns / DAY_NS);
}

/** Likewise of a time in milliseconds. */
export function dayOfMs(ms: number): number {
  return Math.floor(ms / DAY_MS);
}
