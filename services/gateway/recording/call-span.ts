import { type Attributes, context, type Span, SpanStatusCode } from "@opentelemetry/api";
import { traceNameOf } from "#lib/ids.ts";
import { ownSpanOf } from "#lib/own-traces/own-span.ts";
import { type OwnTraces, timeOf } from "#lib/own-traces/own-traces.ts";
import { attemptReasonWordOf, errorWordOf, requestWordsOf } from "#lib/spans/words.ts";
import { errorTypeOf } from "../core/error-type.ts";
import type { Attempt, Ending, Failure, RecordedInvocation } from "../core/invocation.ts";

/** The own span of a call, for whoever runs the gateway: it is in neither twin, and neither twin hangs under it. */
export interface CallSpan {
  /** Ends it, with a span of each attempt. Once. */
  end(ending: Ending): void;
}

/** Begins one, under the own span that the call came with. It names the full trace where there is one. */
export function startCallSpan(traces: OwnTraces, invocation: RecordedInvocation, isTraced: boolean): CallSpan {
  const { endpointName, requestType, streaming, startNanos, callerSpan, traceId } = invocation;
  const span = traces.begin({
    name: `call ${endpointName}`,
    kind: "server",
    parent: ownSpanOf(context.active()),
    caller: callerSpan,
    startNanos,
    attributes: {
      "twinspan.endpoint": endpointName,
      "twinspan.streaming": streaming,
      ...attributesOf("gen_ai.operation.name", requestWordsOf(requestType)?.operation),
      ...(isTraced ? { "twinspan.trace_id": traceNameOf(traceId) } : {}),
    },
  });
  return {
    end({ endNanos, failure, attempts }) {
      for (const attempt of attempts) traceAttempt(traces, span, attempt);
      endWith(span, failure, endNanos);
    },
  };
}

/** Provider, host and model are as the configuration has them. */
function traceAttempt(traces: OwnTraces, parent: Span, attempt: Attempt): void {
  const { index, reason, provider, providerHost, providerPort, requestModel, httpStatus, startNanos } = attempt;
  const span = traces.begin({
    name: `attempt ${provider}/${requestModel}`,
    kind: "client",
    parent: parent.spanContext(),
    startNanos,
    attributes: {
      "twinspan.attempt": index,
      "gen_ai.request.model": requestModel,
      "twinspan.provider": provider,
      "server.address": providerHost,
      "server.port": providerPort,
      ...attributesOf("twinspan.attempt.reason", attemptReasonWordOf(reason)),
      ...(httpStatus === 0 ? {} : { "http.response.status_code": httpStatus }),
    },
  });
  endWith(span, attempt.failure, attempt.endNanos);
}

/** A failure's text may be payload: only its word is told. */
function endWith(span: Span, failure: Failure | undefined, endNanos: bigint): void {
  const word = errorWordOf(errorTypeOf(failure));
  if (word !== undefined) span.setAttribute("error.type", word).setStatus({ code: SpanStatusCode.ERROR });
  span.end(timeOf(endNanos));
}

function attributesOf(name: string, word: string | undefined): Attributes {
  return word === undefined ? {} : { [name]: word };
}
