import { boundsOf, type TimeRange } from "./time-range.ts";

/** A range as moments, cut into buckets. The first begins at the start; the last may be cut by the end. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly bucketMs: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How long a bucket may be: lengths that people count in. */
const BUCKETS_MS = [
  10_000,
  30_000,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  7 * DAY,
];
/** So many are told apart by eye. */
const BUCKETS_MAX = 72;
/** A day and more is cut into hours and longer: what hours came to is kept, what parts of them did is counted anew. */
const HOURS_FROM = DAY;

/**
 * A range as of now: between two moments it is just that, else it goes from the beginning of a bucket on. A range
 * without a beginning starts at `firstMs`, the earliest there is something of.
 */
export function timeSpanOf(range: TimeRange, nowMs: number, firstMs: number): TimeSpan {
  const { fromMs = firstMs, toMs = nowMs } = boundsOf(range, nowMs);
  const bucketMs = bucketOf(toMs - fromMs);
  if (range.kind === "between") return { fromMs, toMs, bucketMs };
  return { fromMs: Math.floor(fromMs / bucketMs) * bucketMs, toMs, bucketMs };
}

/**
 * The span of the same length before this one. Where this one starts with a bucket, it is as many whole buckets earlier
 * as this one has: the last bucket of both is cut at the same place, and buckets that begin with hours do so in both;
 * it ends less than a bucket before this one begins. Else it ends where this one begins.
 */
export function spanBefore(span: TimeSpan): TimeSpan {
  const { fromMs, toMs, bucketMs } = span;
  const earlierMs = fromMs % bucketMs === 0 ? bucketsOf(span).length * bucketMs : toMs - fromMs;
  return { fromMs: fromMs - earlierMs, toMs: toMs - earlierMs, bucketMs };
}

/** When each bucket begins. */
export function bucketsOf({ fromMs, toMs, bucketMs }: TimeSpan): readonly number[] {
  return Array.from({ length: Math.max(1, Math.ceil((toMs - fromMs) / bucketMs)) }, (_, at) => fromMs + at * bucketMs);
}

function bucketOf(ms: number): number {
  const shortest = ms < HOURS_FROM ? 0 : HOUR;
  return (
    BUCKETS_MS.find((bucketMs) => bucketMs >= shortest && ms / bucketMs <= BUCKETS_MAX) ??
    Math.ceil(ms / BUCKETS_MAX / DAY) * DAY
  );
}
