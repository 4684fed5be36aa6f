import { keepPreviousData, useQueries } from "@tanstack/react-query";
import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import { TotalsGroup, TotalsKind, type TotalsPoint } from "#proto/twinspan/trace/v1/totals.ts";
import { msOfNanos } from "../../format/moments.ts";
import { totalsQuery } from "../../reads/totals.ts";

/** What an experiment's traces came to of late. */
export interface Activity {
  /** By day, the oldest first. */
  readonly requests: readonly number[];
  readonly errors: number;
  readonly nanoUsd: bigint;
}

const DAY_MS = 86_400_000;
export const DAYS = 30;
/** As many experiments as one answer adds up, and as many answers as are asked for. */
const EXPERIMENTS_MAX = 100;
const ANSWERS_MAX = 2;

/** What experiments came to in the last days, by name: full traces and agents' alike, each counted once. */
export function useActivity(experiments: readonly Experiment[]): ReadonlyMap<string, Activity> {
  const toMs = Math.ceil(Date.now() / DAY_MS) * DAY_MS;
  const ids = experiments.filter(({ traceCount }) => traceCount > 0n).map(({ id }) => id);
  const parts = Array.from({ length: Math.min(ANSWERS_MAX, Math.ceil(ids.length / EXPERIMENTS_MAX)) }, (_, at) =>
    ids.slice(at * EXPERIMENTS_MAX, (at + 1) * EXPERIMENTS_MAX),
  );
  const days = { fromMs: toMs - DAYS * DAY_MS, toMs, bucketMs: DAY_MS };
  const groups = { groupBy: TotalsGroup.TOTALS_GROUP_EXPERIMENT, groupsMax: EXPERIMENTS_MAX };
  const kinds = [TotalsKind.TOTALS_KIND_BILLED, TotalsKind.TOTALS_KIND_USAGE];
  const answers = useQueries({
    queries: parts.flatMap((experimentIds) =>
      kinds.map((kind) => ({
        ...totalsQuery({ experimentIds, kind, ...days, ...groups }),
        placeholderData: keepPreviousData,
      })),
    ),
    combine: (results) => results.flatMap(({ data }) => data ?? []),
  });
  const byName = Map.groupBy(answers, ({ group }) => group);
  return new Map([...byName].map(([name, points]) => [name, activityOf(points, days.fromMs)]));
}

function activityOf(points: readonly TotalsPoint[], fromMs: number): Activity {
  const requests = Array.from({ length: DAYS }, () => 0);
  let errors = 0;
  let nanoUsd = 0n;
  for (const point of points) {
    const day = Math.round((msOfNanos(point.startTimeUnixNano) - fromMs) / DAY_MS);
    requests[day] = (requests[day] ?? 0) + Number(point.requests);
    errors += Number(point.errors);
    nanoUsd += point.cost?.totalNanoUsd ?? 0n;
  }
  return { requests, errors, nanoUsd };
}
