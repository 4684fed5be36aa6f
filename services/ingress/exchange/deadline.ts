/** The longest that Node waits. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

/**
 * How long it is until a deadline, in milliseconds: 0 where it has passed. `deadline` is in milliseconds since the Unix
 * epoch.
 */
export function timeLeftMs(deadline: number): number {
  return Math.min(Math.max(0, deadline - Date.now()), TIMEOUT_MS_MAX);
}
