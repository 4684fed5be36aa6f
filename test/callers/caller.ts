import { newSpanId, newTraceId } from "#lib/ids.ts";

/** A caller's span, as its requests name it. */
export interface Caller {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** The header. */
  readonly traceparent: string;
}

/** A new caller with a trace of its own; sampled, unless other flags are given. */
export function newCaller(flags = "01"): Caller {
  const traceId = newTraceId();
  const spanId = newSpanId();
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` };
}
