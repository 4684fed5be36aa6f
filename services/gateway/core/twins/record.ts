import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { Outcome, RecordedInvocation } from "../invocation.ts";
import type { KeptPayloads } from "../payload/kept-payloads.ts";
import { payloadsOf } from "../payload/payload.ts";
import { writeFullTrace } from "./full-trace.ts";
import { mirrorOf } from "./mirror.ts";
import { twinSpansOf } from "./twin-spans.ts";

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

const NOTHING: InvocationRecord = { full: undefined, payloads: [], mirror: undefined, payloadShed: false };

/** What follows `spans` in the place of a payload that was shed: the fact that it was. */
export const PAYLOAD_SHED: Uint8Array = InvocationRecord.encode({ ...NOTHING, payloadShed: true }).finish();

/** The tag of `full` of an InvocationRecord. */
const FULL = (1 << 3) | 2;
/** A writer that has grown to more than this is not kept. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;
/** Kept from one record to the next, since it has grown to the size of one. */
let writer = new BinaryWriter();

/** The record of an invocation that has ended: both twins, and once what is kept of the payload. */
export function recordOf(invocation: RecordedInvocation, outcome: Outcome, kept: KeptPayloads): SerializedRecord {
  try {
    const twins = twinSpansOf(invocation, outcome);
    writer.uint32(FULL).fork();
    writeFullTrace(writer, invocation, outcome, twins, kept);
    writer.join();
    const mirror = mirrorOf(invocation, twins);
    const spans = InvocationRecord.encode({ ...NOTHING, mirror }, writer).finish();
    const payloads = payloadsOf(invocation, outcome, kept);
    const payload = InvocationRecord.encode({ ...NOTHING, payloads }, writer).finish();
    if (payload.length > KEPT_BYTES_MAX) writer = new BinaryWriter();
    return { spans, payload };
  } catch (error) {
    // What it holds is half a record.
    writer = new BinaryWriter();
    throw error;
  }
}
