/** Waits that a receiver asks for are kept up to an hour: who asks for more may ask again. */
const RETRY_AFTER_MAX_MS = 3_600_000;

/**
 * How long an HTTP `Retry-After` header asks to wait, in milliseconds, at most an hour: seconds, or a date. Undefined:
 * it says neither.
 */
export function retryAfterMsOf(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return bounded(Number(header) * 1000);
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : bounded(atMs - nowMs);
}

/** How long a google.protobuf.Duration in RetryInfo asks to wait, in milliseconds, at most an hour. */
export function retryDelayMsOf({ seconds, nanos }: { readonly seconds: bigint; readonly nanos: number }): number {
  return bounded(Number(seconds) * 1000 + nanos / 1e6);
}

function bounded(ms: number): number {
  return Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_MS);
}
