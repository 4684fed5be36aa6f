/** A figure over several rounds. NaN throughout: there are none. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The median of values, and how far they lie apart. What is no number is passed over. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [below = Number.NaN, above = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return { median: (below + above) / 2, min: sorted.at(0) ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

/** How sure it should be that a median lies within an interval, and of how many values on that can be. */
const SURE = 0.95;
export const SURE_FROM = 6;

/**
 * The median of values, and the interval which the median of all that could have been measured is in, with 95 %: some
 * of the values to each side, as many as the sign test leaves, whatever their distribution. Of fewer than {@link
 * SURE_FROM} it is all of them, which says less.
 */
export function medianInterval(values: readonly number[]): Spread {
  const sorted = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
  const beyond = outsideOf(sorted.length);
  return spreadOf(sorted.slice(beyond, sorted.length - beyond));
}

/** How many of so many values, at each end, the interval leaves out. */
function outsideOf(count: number): number {
  // Leaving out some at the low end misses the true median where so many values or fewer are below it, each by even
  // chances.
  let missed = 0;
  let exactly = 0.5 ** count;
  let outside = -1;
  while (2 * (missed + exactly) <= 1 - SURE) {
    missed += exactly;
    outside += 1;
    exactly *= (count - outside) / (outside + 1);
  }
  return Math.max(0, outside);
}
