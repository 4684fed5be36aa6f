import type { OwnTraces } from "#lib/own-traces/own-traces.ts";

/** Makes an own span of a commit that has just ended. Many requests share one, so it hangs under none of theirs. */
export function traceCommit(traces: OwnTraces, store: string, requests: number, durationMs: number): void {
  const startNanos = BigInt(Math.round((Date.now() - durationMs) * 1_000)) * 1_000n;
  const attributes = { "twinspan.store": store, "twinspan.commit.requests": requests };
  traces.begin({ name: "commit", kind: "internal", parent: undefined, startNanos, attributes }).end();
}
