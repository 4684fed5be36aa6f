import { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import { bytesIn, type Row } from "./columns.ts";
import { unpack } from "./packing.ts";

/** What lists show of the trace of a row that has `info`: a packed TraceInfo. */
export function infoIn(row: Row): TraceInfo {
  return TraceInfo.decode(unpack(bytesIn(row, "info")));
}
