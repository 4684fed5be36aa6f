import type { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { fullTraceOf } from "./full-trace.ts";
import { mirrorOf } from "./mirror.ts";

/**
 * A record with its twins spelled out as spans: those that it tells as a call are made here, for everyone who reads
 * them. Of a part of a record, as it is stored, the twin that is there. A record that is spelled out already is as it
 * was.
 */
export function spelledOut(record: InvocationRecord): InvocationRecord {
  const { call, fullTwin, mirrorTwin } = record;
  if (call === undefined) return record;
  return {
    ...record,
    full: fullTwin && fullTraceOf(call, fullTwin),
    mirror: mirrorTwin && mirrorOf(call, mirrorTwin),
    call: undefined,
    fullTwin: undefined,
    mirrorTwin: undefined,
  };
}
