import type { Config } from "#lib/config/schema.ts";

/** The settings of a destination. */
export type DestinationOptions = Config["traceWriter"]["destinations"][string];

/** Someone else's OTLP receiver. */
export interface Destination extends AsyncDisposable {
  /**
   * Sends a serialized ExportTraceServiceRequest, and tells what came of it by OTLP's rules. Never throws, and takes no
   * longer than `timeoutMs`. A signal that aborts is a failure.
   */
  send(request: Uint8Array, signal: AbortSignal): Promise<Sent>;
}

/** What came of a request. Reasons are ours: what a receiver says may quote what it was sent, which may be payload. */
export type Sent =
  /** It was taken, but for so many spans, which must not be sent again. */
  | { readonly kind: "accepted"; readonly rejectedSpans: number }
  /** It must not be sent again. `isOfBatch`: a part of it may be taken. */
  | { readonly kind: "refused"; readonly reason: string; readonly isOfBatch: boolean }
  /** It may be sent again, no sooner than after `retryAfterMs` where the receiver says when. */
  | { readonly kind: "failed"; readonly reason: string; readonly retryAfterMs: number | undefined };
