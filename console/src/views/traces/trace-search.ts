import type { SearchTracesRequest } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { boundsOf, type TimeRange } from "../../time/time-range.ts";
import type { Order, TracesState } from "./traces-address.ts";

const ORDERS: Readonly<Record<Order, string>> = {
  newest: "timestamp_ms DESC",
  oldest: "timestamp_ms ASC",
  slowest: "execution_time_ms DESC",
  fastest: "execution_time_ms ASC",
};

/** Where what is written begins in the filter that is sent: it stands in parentheses where it is not alone. */
export function filterOffsetOf(range: TimeRange): number {
  return range.kind === "all" ? 0 : 1;
}

/** A search without its page. */
export type TraceSearch = Omit<SearchTracesRequest, "pageSize" | "pageToken">;

/** The search for what the list shows, as of `nowMs`; `experimentIds` are those of its scope. */
export function traceSearchOf(
  { scope, filter, range, order }: Pick<TracesState, "scope" | "filter" | "range" | "order">,
  experimentIds: readonly string[],
  nowMs: number,
): TraceSearch {
  const { fromMs, toMs } = boundsOf(range, nowMs);
  const parts = [
    ...(filter.trim() === "" ? [] : [filterOffsetOf(range) === 0 ? filter : `(${filter})`]),
    ...(fromMs === undefined ? [] : [`timestamp >= ${Math.floor(fromMs)}`]),
    ...(toMs === undefined ? [] : [`timestamp <= ${Math.ceil(toMs)}`]),
  ];
  return {
    experimentIds: scope.kind === "pending" || scope.kind === "unclaimed" ? [] : [...experimentIds],
    pending: scope.kind === "pending",
    unclaimed: scope.kind === "unclaimed",
    filter: parts.join(" AND "),
    orderBy: ORDERS[order],
  };
}
