import type { TotalsRequest } from "./totals.ts";

export const HOUR_NS = 3_600_000_000_000n;
/** Noon and midnight: days are made of them, and so are the buckets that a month is drawn in. */
const HALF_DAY_HOURS = 12;

/** An hour in which an experiment has traces, counted from the Unix epoch, and a number that grows whenever it is changed. */
export interface ChangedHour {
  readonly hour: number;
  readonly changed: number;
}

/** A piece of time, within one bucket. */
export interface TotalsUnit {
  readonly fromNs: bigint;
  readonly toNs: bigint;
  /** What is the same as long as nothing in it has changed, and never comes again: the sum of what its hours have. */
  readonly version: number;
  /** The hours with traces that it is made of, ascending. None: it is a part of an hour. */
  readonly hours: readonly ChangedHour[];
}

/**
 * The pieces of time in which an experiment has traces, by time: the hours of half a day that lie within one bucket,
 * and what is left of an hour at the edge of a bucket. So what was added up of a piece can be used again, for other
 * buckets as well where these hold whole days. `hours` are those of the request's time, ascending.
 */
export function totalsUnitsOf(
  { fromNs, toNs, bucketNs }: Pick<TotalsRequest, "fromNs" | "toNs" | "bucketNs">,
  hours: readonly ChangedHour[],
): readonly TotalsUnit[] {
  const units: TotalsUnit[] = [];
  let open: OpenUnit | undefined;
  for (const each of hours) {
    if (open === undefined || each.hour >= open.endHour) {
      if (open !== undefined) units.push(closed(open));
      open = openUnitOf(each.hour, fromNs, toNs, bucketNs);
    }
    if (open !== undefined) {
      open.hours.push(each);
      open.version += each.changed;
      continue;
    }
    const [hourFrom, hourTo] = [nsOf(each.hour), nsOf(each.hour + 1)];
    const [begin, end] = [hourFrom > fromNs ? hourFrom : fromNs, hourTo < toNs ? hourTo : toNs];
    for (const part of partsOf(begin, end, fromNs, bucketNs)) units.push({ ...part, version: each.changed, hours: [] });
  }
  if (open !== undefined) units.push(closed(open));
  return units;
}

/** The pieces that a piece is made of: its hours, or itself where it is a part of one. */
export function hoursOf(unit: TotalsUnit): readonly TotalsUnit[] {
  if (unit.hours.length === 0) return [unit];
  return unit.hours.map((each) => ({
    fromNs: nsOf(each.hour),
    toNs: nsOf(each.hour + 1),
    version: each.changed,
    hours: [each],
  }));
}

/** A piece that is made of whole hours, while they are collected. */
interface OpenUnit {
  readonly beginHour: number;
  /** The first behind it. */
  readonly endHour: number;
  version: number;
  readonly hours: ChangedHour[];
}

/** The hours of the half day that lie within the same bucket as one of them. Undefined: that one does not lie within a bucket. */
function openUnitOf(hour: number, fromNs: bigint, toNs: bigint, bucketNs: bigint): OpenUnit | undefined {
  const hourNs = nsOf(hour);
  if (hourNs < fromNs) return undefined;
  const bucketFrom = fromNs + ((hourNs - fromNs) / bucketNs) * bucketNs;
  const bucketTo = bucketFrom + bucketNs < toNs ? bucketFrom + bucketNs : toNs;
  if (hourNs + HOUR_NS > bucketTo) return undefined;
  const halfDay = hour - (hour % HALF_DAY_HOURS);
  const firstWithin = Number((bucketFrom + HOUR_NS - 1n) / HOUR_NS);
  const endWithin = Number(bucketTo / HOUR_NS);
  return {
    beginHour: halfDay > firstWithin ? halfDay : firstWithin,
    endHour: halfDay + HALF_DAY_HOURS < endWithin ? halfDay + HALF_DAY_HOURS : endWithin,
    version: 0,
    hours: [],
  };
}

function closed({ beginHour, endHour, version, hours }: OpenUnit): TotalsUnit {
  return { fromNs: nsOf(beginHour), toNs: nsOf(endHour), version, hours };
}

function nsOf(hour: number): bigint {
  return BigInt(hour) * HOUR_NS;
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
