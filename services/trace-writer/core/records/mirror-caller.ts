import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";

/** The name of the key whose call a stored mirror is of. `bytes` are those of its `SpanBatch`. Empty: of none. */
export function callerKeyIn(bytes: Uint8Array): string {
  const { mirror, mirrorTwin } = InvocationRecord.decode(bytes);
  return (mirrorTwin ?? mirror)?.callerKey ?? "";
}
