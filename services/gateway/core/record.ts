import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { fullTraceOf } from "./full-trace.ts";
import type { Invocation, Outcome } from "./invocation.ts";
import type { KeptPayloads } from "./kept-payloads.ts";
import { mirrorOf } from "./mirror.ts";
import { payloadsOf } from "./payload.ts";

/**
 * A record in its serialized form, in two parts. A protobuf message may be cut between its fields: `spans` followed by
 * `payload` is the whole record, `spans` alone is the record without its payload. So the outbox sheds a payload without
 * reading it.
 */
export interface SerializedRecord {
  readonly spans: Uint8Array;
  /** Empty: there is no payload. */
  readonly payload: Uint8Array;
}

/** What follows `spans` in the place of a payload that was shed: the fact that it was. */
export const PAYLOAD_SHED: Uint8Array = InvocationRecord.encode({
  full: undefined,
  payloads: [],
  mirror: undefined,
  payloadShed: true,
}).finish();

/** The record of an invocation that has ended: both twins, and once what is kept of the payload. */
export function recordOf(invocation: Invocation, outcome: Outcome, kept: KeptPayloads): SerializedRecord {
  const full = fullTraceOf(invocation, outcome, kept);
  const mirror = mirrorOf(invocation, outcome);
  const payloads = payloadsOf(invocation, outcome, kept);
  return {
    spans: InvocationRecord.encode({ full, payloads: [], mirror, payloadShed: false }).finish(),
    payload: InvocationRecord.encode({ full: undefined, payloads, mirror: undefined, payloadShed: false }).finish(),
  };
}
