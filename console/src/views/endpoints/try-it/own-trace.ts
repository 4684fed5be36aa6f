/** The trace of someone who tries an endpoint: the mirror of the call hangs under its one span. */
export interface OwnTrace {
  /** In hex. */
  readonly traceId: string;
  readonly spanId: string;
  readonly startMs: number;
}

/** The experiment that holds such traces. */
export const TRIED_IN = "console";

/** Begins one, now. */
export function beginOwnTrace(): OwnTrace {
  return { traceId: randomHex(16), spanId: randomHex(8), startMs: Date.now() };
}

/** What makes a request part of it (W3C Trace Context). */
export function contextHeadersOf({ traceId, spanId }: OwnTrace): Readonly<Record<string, string>> {
  return { traceparent: `00-${traceId}-${spanId}-01`, "x-twinspan-experiment": TRIED_IN };
}

/** Its span, as OTLP has it in JSON. */
export function exportOf({ traceId, spanId, startMs }: OwnTrace, endpoint: string, endMs: number, failed: boolean) {
  const nanos = (ms: number) => `${BigInt(Math.round(ms * 1000)) * 1000n}`;
  const span = {
    traceId,
    spanId,
    name: `try ${endpoint}`,
    kind: 3,
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(endMs),
    status: { code: failed ? 2 : 1 },
  };
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "twinspan console" } }] };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "twinspan.console" }, spans: [span] }] }] };
}

/** Ids of nothing but zeros mean none; of so many random digits they do not come. */
function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
