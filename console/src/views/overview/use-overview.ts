import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { TotalsGroup, type TotalsPoint } from "#proto/twinspan/trace/v1/totals.ts";
import { askedEvery } from "../../api/asked-again.ts";
import { msOfNanos } from "../../format/moments.ts";
import { useExperiments } from "../../reads/experiments.ts";
import { type TotalsQuestion, totalsQuery } from "../../reads/totals.ts";
import { type TimeRange, timeRangeWordOf } from "../../time/time-range.ts";
import { bucketsOf, spanBefore, type TimeSpan, timeSpanOf } from "../../time/time-span.ts";
import { type Dimension, TOTALS_GROUPS } from "./dimensions.ts";
import { type Change, moversOf, type Totals } from "./movers.ts";
import type { OverviewState } from "./overview-address.ts";

/** Everything the overview draws. What was before is empty where nothing is compared. */
export interface Overview {
  /** What its groups are. */
  readonly by: Dimension;
  readonly span: TimeSpan;
  /** When its buckets begin, in milliseconds. */
  readonly times: readonly number[];
  /** By bucket: everything, everything in the range before, and by group, groups with the most requests first. */
  readonly total: readonly TotalsPoint[];
  readonly totalBefore: readonly TotalsPoint[];
  readonly grouped: readonly TotalsPoint[];
  /** In one: everything, and by group, in both ranges. */
  readonly whole: TotalsPoint | undefined;
  readonly wholeBefore: TotalsPoint | undefined;
  readonly groups: readonly TotalsPoint[];
  readonly groupsBefore: readonly TotalsPoint[];
  /** What changed the most. */
  readonly movers: readonly Change[];
}

/** What came is asked for anew so often, in milliseconds. */
const EVERY_MS = 30_000;
/** Moments are told to so many milliseconds, so that what is asked twice at one time is asked once. */
const GRAIN_MS = 10_000;
/** As many experiments as totals are added up of. */
const EXPERIMENTS_MAX = 100;
const DAY_MS = 86_400_000;
/** "All time" is looked for so far back. */
const DAYS_MAX = 900;
const GROUPS_MAX = 7;
const RANKED_MAX = 100;
const MOVERS_MAX = 4;
const EVERYTHING = { groupBy: TotalsGroup.TOTALS_GROUP_UNSPECIFIED, groupsMax: 1 };

/** Reads it, and again while it is shown. `hasMore`: there are more experiments than are added up. */
export function useOverview({ range, by, isCompared }: Pick<OverviewState, "range" | "by" | "isCompared">) {
  const experiments = useExperiments();
  const ids = billedIdsOf(experiments.data ?? []);
  const read = useQuery({
    queryKey: ["overview", ids, timeRangeWordOf(range), by, isCompared],
    queryFn: ({ client }) => {
      const ask: Ask = (question) => client.fetchQuery(totalsQuery(question));
      return isCompared ? comparedOverviewOf(ask, ids, range, by) : overviewOf(ask, ids, range, by);
    },
    enabled: experiments.isSuccess,
    placeholderData: keepPreviousData,
    refetchInterval: askedEvery(EVERY_MS),
  });
  return {
    overview: read.data,
    error: experiments.error ?? read.error ?? undefined,
    isFetching: read.isFetching,
    hasMore: (experiments.data ?? []).filter(isBilled).length > EXPERIMENTS_MAX,
    refetch: () => void (experiments.isError ? experiments.refetch() : read.refetch()),
  };
}

type Ask = (question: TotalsQuestion) => Promise<readonly TotalsPoint[]>;

/** Of the range alone. */
async function overviewOf(
  ask: Ask,
  experimentIds: readonly string[],
  range: TimeRange,
  by: Dimension,
): Promise<Overview> {
  const span = await spanOf(ask, experimentIds, range);
  const over = { experimentIds, ...span };
  const [total, grouped, [whole], groups] = await Promise.all([
    ask({ ...over, ...EVERYTHING }),
    ask({ ...over, groupBy: TOTALS_GROUPS[by], groupsMax: GROUPS_MAX }),
    ask({ ...over, ...EVERYTHING, bucketMs: 0 }),
    ask({ ...over, bucketMs: 0, groupBy: TOTALS_GROUPS[by], groupsMax: RANKED_MAX }),
  ]);
  const nothing = { totalBefore: [], wholeBefore: undefined, groupsBefore: [], movers: [] };
  return { by, span, times: bucketsOf(span), total, grouped, whole, groups, ...nothing };
}

/** With the range before. What changed is looked for in every dimension. What was asked of the range alone is not asked again. */
async function comparedOverviewOf(
  ask: Ask,
  experimentIds: readonly string[],
  range: TimeRange,
  by: Dimension,
): Promise<Overview> {
  const alone = await overviewOf(ask, experimentIds, range, by);
  const before = spanBefore(alone.span);
  const ranked = async (of: TimeSpan): Promise<Totals> => {
    const groups = (dimension: Dimension) =>
      ask({ experimentIds, ...of, bucketMs: 0, groupBy: TOTALS_GROUPS[dimension], groupsMax: RANKED_MAX });
    const [endpoint, model, provider, caller] = await Promise.all([
      groups("endpoint"),
      groups("model"),
      groups("provider"),
      groups("caller"),
    ]);
    return { endpoint, model, provider, caller };
  };
  const [totalBefore, [wholeBefore], groups, groupsBefore] = await Promise.all([
    ask({ experimentIds, ...before, ...EVERYTHING }),
    ask({ experimentIds, ...before, ...EVERYTHING, bucketMs: 0 }),
    ranked(alone.span),
    ranked(before),
  ]);
  const movers = moversOf(groupsBefore, groups, MOVERS_MAX);
  return { ...alone, totalBefore, wholeBefore, groupsBefore: groupsBefore[by], movers };
}

async function spanOf(ask: Ask, experimentIds: readonly string[], range: TimeRange): Promise<TimeSpan> {
  const nowMs = Math.ceil(Date.now() / GRAIN_MS) * GRAIN_MS;
  return timeSpanOf(range, nowMs, range.kind === "all" ? await firstMsOf(ask, experimentIds, nowMs) : nowMs);
}

/** When the first day began of which there is something. */
async function firstMsOf(ask: Ask, experimentIds: readonly string[], nowMs: number): Promise<number> {
  const toMs = Math.ceil(nowMs / DAY_MS) * DAY_MS;
  const days = { experimentIds, fromMs: toMs - DAYS_MAX * DAY_MS, toMs, bucketMs: DAY_MS };
  const [first] = await ask({ ...days, ...EVERYTHING });
  return first === undefined ? toMs - DAY_MS : msOfNanos(first.startTimeUnixNano);
}

interface NamedExperiment {
  readonly id: string;
  readonly name: string;
  readonly traceCount: bigint;
}

/** The largest of them, where there are too many. */
function billedIdsOf(experiments: readonly NamedExperiment[]): readonly string[] {
  return experiments
    .filter(isBilled)
    .toSorted((a, b) => Number(b.traceCount - a.traceCount))
    .slice(0, EXPERIMENTS_MAX)
    .map(({ id }) => id)
    .toSorted();
}

function isBilled({ traceCount }: NamedExperiment): boolean {
  return traceCount > 0n;
}
