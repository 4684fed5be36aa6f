import type { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import type { Filter } from "./filter.ts";

/**
 * A trace is unclaimed when it is pending and its last span ended before a moment, in nanoseconds since the Unix epoch:
 * so it follows from what is stored and the time, and a late claim ends it.
 */
export function isUnclaimed(
  info: Pick<TraceInfo, "experimentId" | "startTimeUnixNano" | "durationNanos">,
  beforeNs: bigint,
): boolean {
  return info.experimentId === "" && info.startTimeUnixNano + info.durationNanos < beforeNs;
}

/** Of pending traces, those that are unclaimed and pass the filter. */
export function unclaimedOnly(filter: Filter | undefined, beforeNs: bigint): Filter {
  const ended: Filter = { kind: "time", field: "end", from: undefined, to: beforeNs };
  return filter === undefined ? ended : { kind: "and", parts: [ended, filter] };
}
