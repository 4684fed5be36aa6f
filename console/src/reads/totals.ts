import { queryOptions } from "@tanstack/react-query";
import { type TotalsGroup, TotalsKind, type TotalsPoint } from "#proto/twinspan/trace/v1/totals.ts";
import { TraceReaderServiceService } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { call } from "../api/call.ts";

/** What is added up: of these experiments, in this time, told apart by this. */
export interface TotalsQuestion {
  readonly experimentIds: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  /** How long a bucket is. 0: one for all. */
  readonly bucketMs: number;
  readonly groupBy: TotalsGroup;
  readonly groupsMax: number;
  /** What is added up. Default: what was billed. */
  readonly kind?: TotalsKind;
}

const NANOS = 1_000_000n;

/** Totals. Without experiments there are none, and nobody is asked. */
export function totalsQuery(question: TotalsQuestion) {
  return queryOptions({
    queryKey: ["totals", question],
    queryFn: async ({ signal }): Promise<readonly TotalsPoint[]> => {
      if (question.experimentIds.length === 0) return [];
      const { points } = await call(TraceReaderServiceService.getTotals, requestOf(question), signal);
      return points;
    },
    staleTime: 20_000,
    gcTime: 60_000,
  });
}

function requestOf({ experimentIds, fromMs, toMs, bucketMs, groupBy, groupsMax, kind }: TotalsQuestion) {
  return {
    experimentIds: [...experimentIds],
    startTimeUnixNano: BigInt(Math.floor(fromMs)) * NANOS,
    endTimeUnixNano: BigInt(Math.ceil(toMs)) * NANOS,
    bucketNanos: BigInt(bucketMs) * NANOS,
    kind: kind ?? TotalsKind.TOTALS_KIND_BILLED,
    groupBy,
    groupsMax,
  };
}
