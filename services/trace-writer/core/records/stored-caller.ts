import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";

/** The name of the key whose call a stored mirror is of. `bytes` are those of its `SpanBatch`. Empty: of none. */
export function callerKeyIn(bytes: Uint8Array): string {
  const { call, mirror, mirrorTwin } = InvocationRecord.decode(bytes);
  return (call === undefined ? mirror : mirrorTwin)?.callerKey ?? "";
}

/**
 * What the caller of a stored full trace calls itself. `bytes` are those of its `SpanBatch`. Empty: it does not say.
 */
export function callerIn(bytes: Uint8Array): string {
  const { call, full, fullTwin } = InvocationRecord.decode(bytes);
  return (call === undefined ? full?.metadata["mlflow.gateway.caller"] : fullTwin?.caller) ?? "";
}
