const HOUR_NS = 3_600_000_000_000n;
const HOURS = 30 * 24;
/** Thirty days. */
export const DAYS_NS = BigInt(HOURS) * HOUR_NS;

/** How busy each hour of the day is, from midnight UTC on, compared to the others. */
const DAY = [22, 16, 12, 10, 10, 14, 24, 42, 68, 88, 97, 100, 92, 95, 98, 96, 90, 80, 70, 62, 56, 48, 38, 29];
/** How busy a Saturday or a Sunday is, compared to another day. */
const WEEKEND = 0.45;
/** How much busier the last day is than the first. */
const GROWTH = 1.6;

/** Spreads things over the 30 days before a moment, as busy as each hour is. */
export interface Rhythm {
  readonly fromNs: bigint;
  readonly untilNs: bigint;
  /** The moment at which a share of all that happens has happened: 0 is `fromNs`, 1 is `untilNs`. */
  momentAt(share: number): bigint;
}

/** The rhythm of a company whose customers sleep when it is night in Europe, up to a moment in nanoseconds. */
export function createRhythm(untilNs: bigint): Rhythm {
  const fromNs = untilNs - DAYS_NS;
  const ends: number[] = [];
  let sum = 0;
  for (let hour = 0; hour < HOURS; hour += 1) {
    sum += weightOf(new Date(Number((fromNs + BigInt(hour) * HOUR_NS) / 1_000_000n)), hour);
    ends.push(sum);
  }
  return {
    fromNs,
    untilNs,
    momentAt(share) {
      const wanted = share * sum;
      const hour = hourOf(ends, wanted);
      const begin = ends[hour - 1] ?? 0;
      const within = (wanted - begin) / ((ends[hour] ?? sum) - begin);
      return fromNs + BigInt(hour) * HOUR_NS + BigInt(Math.floor(within * Number(HOUR_NS)));
    },
  };
}

function weightOf(date: Date, hour: number): number {
  const isWeekend = date.getUTCDay() % 6 === 0;
  return (DAY[date.getUTCHours()] ?? 1) * (isWeekend ? WEEKEND : 1) * (1 + (GROWTH - 1) * (hour / HOURS));
}

/** The first hour that ends behind it. */
function hourOf(ends: readonly number[], wanted: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? 0) > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}
