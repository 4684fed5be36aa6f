import { useQuery } from "@tanstack/react-query";
import { ServiceError } from "#lib/service-error.ts";
import { type Trace, TraceState, TraceView } from "#proto/twinspan/trace/v1/trace.ts";
import { TraceReaderServiceService } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { askedAgainMs } from "../api/asked-again.ts";
import { call } from "../api/call.ts";

/** A trace that is not done is read again so often, in milliseconds. */
const EVERY_MS = 3_000;

/** Reads a trace whole; again while it is in progress. An empty id reads none. */
export function useTrace(traceId: string) {
  return useQuery<Trace>({
    queryKey: ["trace", traceId],
    enabled: traceId !== "",
    refetchInterval: (query) =>
      query.state.data?.info?.state === TraceState.TRACE_STATE_IN_PROGRESS ? EVERY_MS : askedAgainMs(query),
    structuralSharing: false,
    queryFn: async ({ signal }) => {
      const request = { traceId, view: TraceView.TRACE_VIEW_FULL };
      const { trace } = await call(TraceReaderServiceService.getTrace, request, signal);
      if (trace === undefined) throw new ServiceError("internal", "The server answered without the trace.");
      return trace;
    },
  });
}
