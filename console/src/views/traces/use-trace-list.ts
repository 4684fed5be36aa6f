import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { TraceReaderServiceService } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { call } from "../../api/call.ts";
import { listedTraces } from "./live-traces.ts";
import { traceSearchOf } from "./trace-search.ts";
import type { TracesState } from "./traces-address.ts";
import { useLiveTraces } from "./use-live-traces.ts";

const PAGE = 100;

/**
 * The traces of a list: what was read so far, page by page, with what came since. `experimentIds` are those of its
 * scope; undefined while they are not known. `isReading` says whether someone reads in the list, so that nothing may
 * move.
 */
export function useTraceList(
  state: TracesState,
  experimentIds: readonly string[] | undefined,
  isReading: () => boolean,
) {
  const [asOfMs, setAsOfMs] = useState(() => Date.now());
  const { scope, filter, range, order } = state;
  const search = useMemo(
    () => traceSearchOf({ scope, filter, range, order }, experimentIds ?? [], asOfMs),
    [scope, filter, range, order, experimentIds, asOfMs],
  );
  const isPossible =
    experimentIds !== undefined && (search.pending || search.unclaimed || search.experimentIds.length > 0);
  const isFollowed = isPossible && state.live && order === "newest" && range.kind !== "between" && !search.unclaimed;
  const followed = useLiveTraces(
    isFollowed ? { experimentIds: search.experimentIds, pending: search.pending, filter } : undefined,
    isReading,
  );
  const read = useInfiniteQuery({
    queryKey: ["traces", search],
    enabled: isPossible && followed.isReady,
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      call(TraceReaderServiceService.searchTraces, { ...search, pageSize: PAGE, pageToken: pageParam }, signal),
    getNextPageParam: ({ nextPageToken }) => (nextPageToken === "" ? undefined : nextPageToken),
    placeholderData: keepPreviousData,
    // What changes is followed; where it is not, one asks for it.
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
  });
  const pages = read.data?.pages;
  const listed = useMemo(
    () => listedTraces(pages?.flatMap(({ traces }) => traces) ?? [], !read.hasNextPage, followed.live),
    [pages, read.hasNextPage, followed.live],
  );
  const refresh = () => {
    followed.forget();
    setAsOfMs(Date.now());
    if (range.kind !== "last") void read.refetch();
  };
  return { ...listed, read, followed, isPossible, refresh };
}
