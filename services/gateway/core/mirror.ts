import { type Mirror, type MirrorSpan, MirrorSpanRole } from "#proto/twinspan/trace/v1/mirror.ts";
import { errorTypeOf } from "./error-type.ts";
import type { Attempt, Invocation, Outcome } from "./invocation.ts";
import { sumOfCosts, sumOfUsages } from "./usage.ts";

/** A mirror has at most this many finish reasons an attempt. */
const FINISH_REASONS_MAX = 16;

/**
 * The mirror of an invocation that has ended: its payload-free twin in the caller's trace (tracing.md §3). Undefined: none
 * is to be written. It is built field by field from what is allowed, and its type has no place for anything else.
 */
export function mirrorOf(invocation: Invocation, outcome: Outcome): Mirror | undefined {
  const { callerSpan, mirrorSpanId } = invocation;
  if (callerSpan === undefined || mirrorSpanId === undefined) return undefined;
  const gatewaySpanId = Buffer.from(mirrorSpanId, "hex");
  return {
    traceId: Buffer.from(callerSpan.traceId, "hex"),
    spans: [
      gatewaySpanOf(gatewaySpanId, Buffer.from(callerSpan.spanId, "hex"), invocation, outcome),
      ...outcome.attempts.map((attempt) => attemptSpanOf(gatewaySpanId, invocation, attempt)),
    ],
    experiment: invocation.caller.experiment,
    linkedTraceId: Buffer.from(invocation.traceId, "hex"),
    linkedSpanId: Buffer.from(invocation.spanId, "hex"),
  };
}

function gatewaySpanOf(spanId: Buffer, parentSpanId: Buffer, invocation: Invocation, outcome: Outcome): MirrorSpan {
  return {
    ...EMPTY,
    spanId,
    parentSpanId,
    role: MirrorSpanRole.MIRROR_SPAN_ROLE_GATEWAY,
    startTimeUnixNano: invocation.startNanos,
    endTimeUnixNano: outcome.endNanos,
    errorType: outcome.failure === undefined ? EMPTY.errorType : errorTypeOf(outcome.failure.kind),
    endpointId: invocation.endpointId,
    endpointName: invocation.endpointName,
    serverUrl: invocation.caller.serverUrl ?? "",
    requestType: invocation.requestType,
    streaming: invocation.streaming,
    usage: sumOfUsages(outcome.attempts.map(({ answer }) => answer.usage)),
    cost: sumOfCosts(outcome.attempts.map(({ cost }) => cost)),
  };
}

function attemptSpanOf(parentSpanId: Buffer, invocation: Invocation, attempt: Attempt): MirrorSpan {
  const { answer } = attempt;
  return {
    ...EMPTY,
    spanId: Buffer.from(attempt.mirrorSpanId, "hex"),
    parentSpanId,
    role: MirrorSpanRole.MIRROR_SPAN_ROLE_ATTEMPT,
    startTimeUnixNano: attempt.startNanos,
    endTimeUnixNano: attempt.endNanos,
    errorType: attempt.failure === undefined ? EMPTY.errorType : errorTypeOf(attempt.failure.kind),
    requestType: invocation.requestType,
    streaming: invocation.streaming,
    provider: attempt.provider,
    requestModel: attempt.requestModel,
    responseModel: answer.responseModel ?? "",
    responseId: answer.responseId ?? "",
    finishReasons: answer.finishReasons.slice(0, FINISH_REASONS_MAX),
    attemptIndex: attempt.index,
    attemptReason: attempt.reason,
    timeToFirstTokenNanos: answer.firstTokenNanos && answer.firstTokenNanos - attempt.startNanos,
    usage: answer.usage,
    cost: attempt.cost,
    httpStatus: attempt.httpStatus,
  };
}

const EMPTY: MirrorSpan = {
  spanId: Buffer.alloc(0),
  parentSpanId: Buffer.alloc(0),
  role: 0,
  startTimeUnixNano: 0n,
  endTimeUnixNano: 0n,
  errorType: 0,
  endpointId: "",
  endpointName: "",
  serverUrl: "",
  requestType: 0,
  streaming: false,
  provider: "",
  requestModel: "",
  responseModel: "",
  responseId: "",
  finishReasons: [],
  attemptIndex: 0,
  attemptReason: 0,
  timeToFirstTokenNanos: undefined,
  usage: undefined,
  cost: undefined,
  httpStatus: 0,
};
