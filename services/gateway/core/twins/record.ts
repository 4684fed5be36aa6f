import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { EMPTY_RECORD } from "#lib/spans/empty-record.ts";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { Outcome, RecordedInvocation } from "../invocation.ts";
import type { KeptPayloads } from "../payload/kept-payloads.ts";
import { payloadsOf } from "../payload/payload.ts";
import { callOf } from "./call.ts";
import { fullTwinOf } from "./full-twin.ts";
import { mirrorTwinOf } from "./mirror-twin.ts";

/**
 * A record in its serialized form, in two parts. A protobuf message may be cut between its fields: `told` followed by
 * `payload` is the whole record, `told` alone is the record without its payload. So the outbox sheds a payload without
 * reading it.
 */
export interface SerializedRecord {
  /** What both twins are made of. */
  readonly told: Uint8Array;
  /** Empty: there is no payload. */
  readonly payload: Uint8Array;
}

/** What follows `told` in the place of a payload that was shed: the fact that it was. */
export const PAYLOAD_SHED: Uint8Array = InvocationRecord.encode({ ...EMPTY_RECORD, payloadShed: true }).finish();

/** A buffer that has grown to more than this is not kept. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;

/** Writes records, one after another, in memory that is kept from one to the next: it has grown to the size of one. */
export class RecordWriter {
  #writer = new BinaryWriter();

  /** The record of an invocation that has ended: what both twins are made of, and once what is kept of the payload. */
  recordOf(invocation: RecordedInvocation, outcome: Outcome, kept: KeptPayloads): SerializedRecord {
    try {
      const record = written(this.#writer, invocation, outcome, kept);
      if (record.payload.length > KEPT_BYTES_MAX) this.#writer = new BinaryWriter();
      return record;
    } catch (error) {
      // What it holds is half a record.
      this.#writer = new BinaryWriter();
      throw error;
    }
  }
}

function written(
  writer: BinaryWriter,
  invocation: RecordedInvocation,
  outcome: Outcome,
  kept: KeptPayloads,
): SerializedRecord {
  const call = callOf(invocation, outcome);
  const fullTwin = fullTwinOf(invocation, outcome, kept);
  const mirrorTwin = mirrorTwinOf(invocation, outcome);
  const told = InvocationRecord.encode({ ...EMPTY_RECORD, call, fullTwin, mirrorTwin }, writer).finish();
  const payloads = payloadsOf(invocation, outcome, kept);
  const payload = InvocationRecord.encode({ ...EMPTY_RECORD, payloads }, writer).finish();
  return { told, payload };
}
