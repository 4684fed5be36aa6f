import { useQuery } from "@tanstack/react-query";
import { TraceReaderServiceService } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { call } from "../../api/call.ts";
import { msOfNanos } from "../../format/moments.ts";

/** When the oldest trace of an experiment began, in milliseconds since the Unix epoch. Undefined: not known (yet), or none. */
export function useOldestStart(experimentId: string): number | undefined {
  const { data } = useQuery({
    queryKey: ["oldest", experimentId],
    queryFn: async ({ signal }) => {
      const request = {
        experimentIds: [experimentId],
        pending: false,
        unclaimed: false,
        filter: "",
        orderBy: "timestamp_ms ASC",
        pageSize: 1,
        pageToken: "",
      };
      const { traces } = await call(TraceReaderServiceService.searchTraces, request, signal);
      return traces.map(({ startTimeUnixNano }) => msOfNanos(startTimeUnixNano));
    },
  });
  return data?.[0];
}
