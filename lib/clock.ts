/** Tells the time in nanoseconds since the Unix epoch. */
export type Clock = () => bigint;

/** How far the wall clock may run from ours before we follow it, in milliseconds. */
const DRIFT_MAX_MS = 20;

/**
 * The wall clock with the resolution of the monotonic one (microseconds). It does not jump with every correction of the
 * wall clock, so that durations of one call are true; it follows once the two are 20 ms apart.
 */
export function createClock(): Clock {
  let originMs = Date.now() - performance.now();
  return () => {
    const nowMs = originMs + performance.now();
    const driftMs = Date.now() - nowMs;
    if (Math.abs(driftMs) <= DRIFT_MAX_MS) return nanosOf(nowMs);
    originMs += driftMs;
    return nanosOf(nowMs + driftMs);
  };
}

function nanosOf(ms: number): bigint {
  const whole = Math.floor(ms);
  return BigInt(whole) * 1_000_000n + BigInt(Math.floor((ms - whole) * 1000)) * 1000n;
}
