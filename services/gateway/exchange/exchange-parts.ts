import type { Admission } from "#lib/load/admission.ts";
import type { Logger } from "#lib/logger.ts";
import type { Door } from "#lib/rpc/check-rights.ts";
import type { ExchangeCount } from "#lib/rpc/exchange-metrics.ts";
import type { RpcCall } from "#lib/rpc/handler.ts";
import type { WorkerPlace } from "#lib/workers/worker-place.ts";
import type { InvokeStreamResponse } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";

/** What answers an invocation, as it answers a call of InvokeStream. Throws a ServiceError where there is no answer. */
export type HandleInvocation = (
  invocation: Invocation,
  rpc: RpcCall,
) => AsyncGenerator<InvokeStreamResponse, void, void>;

/** What Exchange streams are served with. */
export interface ExchangeParts {
  /** Says who opens each invocation. */
  readonly door: Door;
  readonly admission: Pick<Admission, "enter">;
  /** The largest body, in bytes. */
  readonly bodyBytesMax: number;
  /** Hears of a body that was larger. */
  onLargeBody(): void;
  /** How long a caller may give no credit for an answer that waits, in milliseconds. */
  readonly stallMs: number;
  /** Which worker this is: streams are told. */
  readonly place: WorkerPlace;
  /**
   * At this age a stream is drained, in milliseconds, so that its caller looks for copies anew. Some are up to a tenth
   * earlier.
   */
  readonly ageMaxMs: number;
  /** Aborts when streams are to be left: the gateway ends. */
  readonly draining: AbortSignal;
  readonly count: ExchangeCount;
  readonly log: Logger;
}
