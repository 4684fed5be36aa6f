import type { TotalsRequest } from "./totals.ts";

export const HOUR_NS = 3_600_000_000_000n;
const DAY_HOURS = 24n;

/** An hour in which an experiment has traces, counted from the Unix epoch, and a number that grows whenever it is changed. */
export interface ChangedHour {
  readonly hour: bigint;
  readonly changed: bigint;
}

/** A piece of time, within one bucket. */
export interface TotalsUnit {
  readonly fromNs: bigint;
  readonly toNs: bigint;
  /** What is the same as long as nothing in it has changed, and never comes again: the sum of what its hours have. */
  readonly version: bigint;
  /** The hours with traces that it is made of, ascending. None: it is a part of an hour. */
  readonly hours: readonly bigint[];
}

/**
 * The pieces of time in which an experiment has traces, by time: whole days where they lie within one bucket, else whole
 * hours, else what is left of an hour at the edge of a bucket. So what was added up of a piece can be used again for other
 * buckets. `hours` are those of the request's time, ascending.
 */
export function totalsUnitsOf(
  { fromNs, toNs, bucketNs }: Pick<TotalsRequest, "fromNs" | "toNs" | "bucketNs">,
  hours: readonly ChangedHour[],
): readonly TotalsUnit[] {
  const bucketOf = (ns: bigint) => (ns - fromNs) / bucketNs;
  const isWithinOne = (begin: bigint, end: bigint) =>
    begin >= fromNs && end <= toNs && bucketOf(begin) === bucketOf(end - 1n);
  const units: TotalsUnit[] = [];
  for (const { hour, changed } of hours) {
    const day = hour - (hour % DAY_HOURS);
    const [dayFrom, dayTo] = [day * HOUR_NS, (day + DAY_HOURS) * HOUR_NS];
    const [hourFrom, hourTo] = [hour * HOUR_NS, (hour + 1n) * HOUR_NS];
    const last = units.at(-1);
    if (isWithinOne(dayFrom, dayTo)) {
      if (last?.fromNs !== dayFrom) units.push({ fromNs: dayFrom, toNs: dayTo, version: changed, hours: [hour] });
      else units[units.length - 1] = { ...last, version: last.version + changed, hours: [...last.hours, hour] };
    } else if (isWithinOne(hourFrom, hourTo)) {
      units.push({ fromNs: hourFrom, toNs: hourTo, version: changed, hours: [hour] });
    } else {
      const [begin, end] = [hourFrom > fromNs ? hourFrom : fromNs, hourTo < toNs ? hourTo : toNs];
      for (const part of partsOf(begin, end, fromNs, bucketNs)) units.push({ ...part, version: changed, hours: [] });
    }
  }
  return units;
}

/** A piece of an hour, cut where buckets end. */
function partsOf(
  begin: bigint,
  end: bigint,
  fromNs: bigint,
  bucketNs: bigint,
): readonly Pick<TotalsUnit, "fromNs" | "toNs">[] {
  const parts: Pick<TotalsUnit, "fromNs" | "toNs">[] = [];
  for (let at = begin; at < end; ) {
    const bucketEnd = fromNs + ((at - fromNs) / bucketNs + 1n) * bucketNs;
    const toNs = bucketEnd < end ? bucketEnd : end;
    parts.push({ fromNs: at, toNs });
    at = toNs;
  }
  return parts;
}
