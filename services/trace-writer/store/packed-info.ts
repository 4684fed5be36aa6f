import { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import { bytesIn, type Row } from "./columns.ts";
import { pack, unpack } from "./packing.ts";

/** What lists show of a trace, as its column `info` holds it. */
export function packedInfoOf(info: TraceInfo): Uint8Array {
  return pack(TraceInfo.encode(info).finish());
}

/** What lists show of the trace of a row that has `info`. */
export function infoIn(row: Row): TraceInfo {
  return TraceInfo.decode(unpack(bytesIn(row, "info")));
}
