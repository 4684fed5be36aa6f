import type { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";

/** A record that says nothing: what is a part of one says the rest. */
export const EMPTY_RECORD: InvocationRecord = {
  full: undefined,
  payloads: [],
  mirror: undefined,
  payloadShed: false,
  call: undefined,
  fullTwin: undefined,
  mirrorTwin: undefined,
};
