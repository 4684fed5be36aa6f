import type { SpanIdHex, TraceIdHex } from "#lib/ids.ts";
import type { ErrorKind } from "#lib/service-error.ts";
import type { AttemptReason, ExperimentRef, FinishReason, RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";

/**
 * An invocation as it is known when it begins: ids, names and times, no payload. This is what the outbox notes before a
 * provider is called, so that a call whose gateway dies in the middle still leaves its twin traces.
 */
export interface RecordedInvocation {
  /** The full trace's id. */
  readonly traceId: TraceIdHex;
  /** The full trace's root span. */
  readonly spanId: SpanIdHex;
  /** When the request was accepted, in nanoseconds since the Unix epoch. */
  readonly startNanos: bigint;
  readonly endpointId: string;
  readonly endpointName: string;
  /** The name of the endpoint's experiment. */
  readonly experiment: string;
  /** The workspace of the endpoint, and so of the full trace. */
  readonly workspace: string;
  /** The workspace of the caller, and so of the mirror. */
  readonly callerWorkspace: string;
  /** The verified name of the caller: of its key, token or certificate. Undefined: keys are off. */
  readonly username: string | undefined;
  /** The same, where the configuration names it: of its key or certificate. Undefined: it has a token, or keys are off. */
  readonly callerKey: string | undefined;
  readonly requestType: RequestType;
  /** What MLflow calls the shape of its messages. Undefined: it has no word for it. */
  readonly messageFormat: string | undefined;
  readonly streaming: boolean;
  readonly caller: Caller;
  /** The span that the mirror hangs under. Undefined: the caller gave no valid context. */
  readonly callerSpan: SpanRef | undefined;
  /** The mirror's gateway span. Undefined: no mirror is written. */
  readonly mirrorSpanId: SpanIdHex | undefined;
}

/** A span, by its ids. */
export interface SpanRef {
  readonly traceId: TraceIdHex;
  readonly spanId: SpanIdHex;
}

/** Who calls, as they say themselves. Every text here passed the check of its field (tracing.md §4). */
export interface Caller {
  /** `x-mlflow-gateway-caller`, else the product in `user-agent`. */
  readonly product: string | undefined;
  readonly session: string | undefined;
  readonly user: string | undefined;
  readonly run: string | undefined;
  /** The address the caller used, `host[:port]`. */
  readonly serverUrl: string | undefined;
  /** Where the caller wants its mirror filed. */
  readonly experiment: ExperimentRef | undefined;
}

/** One request to one provider, ended. */
export interface Attempt {
  readonly spanId: SpanIdHex;
  /** Its span in the mirror. */
  readonly mirrorSpanId: SpanIdHex;
  readonly index: number;
  readonly reason: AttemptReason;
  readonly provider: string;
  /** The provider's host and port. */
  readonly providerHost: string;
  readonly providerPort: number;
  readonly requestModel: string;
  /** Before the connection was opened. */
  readonly startNanos: bigint;
  /** The last byte, or the failure. */
  readonly endNanos: bigint;
  /** The provider's HTTP status. 0: no answer came. */
  readonly httpStatus: number;
  readonly failure: Failure | undefined;
  /** The request as the provider was sent it, where it was translated. Undefined: it was the caller's own. */
  readonly inputs: Payload | undefined;
  readonly answer: AnswerFacts;
  readonly cost: Cost | undefined;
}

/** What an answer says about itself. Empty, when none came. */
export interface AnswerFacts {
  readonly responseId: string | undefined;
  readonly responseModel: string | undefined;
  readonly finishReasons: readonly FinishReason[];
  readonly usage: Usage | undefined;
  /** Whether the answer was cut before its last count: what is not in `usage`, or is a count of its beginning, is not known. */
  readonly usageIsPartial: boolean;
  /** When the first token came, in nanoseconds since the Unix epoch. Undefined: none did, or no stream. */
  readonly firstTokenNanos: bigint | undefined;
}

/** Why something failed. */
export interface Failure {
  readonly kind: FailureKind;
  /** What the provider or the network said. Payload: it goes into the full trace and nowhere else. */
  readonly text: string;
  /** Whether the text is our own, which quotes no payload. Left out: it is not. */
  readonly isOurs?: boolean;
}

/** What can be wrong with a call that has a trace: the callers' kinds, and the death of the process. */
export type FailureKind = ErrorKind | "interrupted";

/** How an invocation ended. */
export interface Ending {
  /** When the last piece of the answer was ready to be sent, or the cut. */
  readonly endNanos: bigint;
  readonly failure: Failure | undefined;
  /** In the order they began. */
  readonly attempts: readonly Attempt[];
  /** The models that were not asked, since their providers' breakers were open: `<provider>/<model>`. Undefined: none. */
  readonly passedOver?: readonly string[] | undefined;
  /** How long the call waited for its turn at the endpoint. Undefined: it had it at once. */
  readonly waitedNanos?: bigint | undefined;
}

/** How an invocation ended, and what was said in it. */
export interface Outcome extends Ending {
  /** The request, as the caller sent it. Undefined: it is not recorded (a refused request). */
  readonly inputs: Payload | undefined;
  /** The answer, or as much of it as there was. */
  readonly outputs: Payload | undefined;
}

/** Bytes of payload. */
export interface Payload {
  readonly bytes: Buffer;
  /** Whether they were cut at the limit. */
  readonly truncated: boolean;
}

/** An answer that says nothing about itself. */
export const NO_FACTS: AnswerFacts = {
  responseId: undefined,
  responseModel: undefined,
  finishReasons: [],
  usage: undefined,
  usageIsPartial: false,
  firstTokenNanos: undefined,
};
