import { meaningOf, ServiceError, serviceErrorOf } from "#lib/service-error.ts";
import { formatTraceParent, SAMPLED } from "#lib/trace-context/traceparent.ts";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { failureKindOfStatus } from "./core/error-type.ts";
import type { DialectRequest, DialectSupport, StreamTap } from "./dialects/dialect.ts";
import type { Endpoint, PlannedModel } from "./endpoints.ts";
import type { Gateway } from "./gateway.ts";
import { letGo } from "./let-go.ts";
import type { ProviderAnswer } from "./providers/provider.ts";
import { failureOf, type OpenAttempt, type Recording } from "./recording.ts";
import { collected, Pieces, refusalOf, wholeWatchOf } from "./whole-answer.ts";

const NOTHING = Buffer.alloc(0);

/** What the attempts of one invocation have in common. */
export interface Attempts {
  readonly gateway: Gateway;
  readonly recording: Recording;
  readonly dialect: DialectSupport;
  readonly invocation: Invocation;
  readonly request: DialectRequest;
  readonly endpoint: Endpoint;
  /** Whether the answer may be a stream. One that need not have been asked for is read whole where it may not. */
  readonly takesStream: boolean;
  readonly signal: AbortSignal;
}

/** An answer that goes to the caller. */
export type Answer = WholeAnswer | StreamedAnswer;

/** A whole answer: the model's, or the refusal of the last provider, which the caller gets as it is. */
export interface WholeAnswer {
  readonly kind: "whole";
  readonly head: ProviderAnswer;
  readonly body: Buffer;
  /** What the refusal is. Undefined: it is no refusal. */
  readonly refusal: ServiceError | undefined;
}

/** A stream that has begun: its first bytes are here, the rest is on the way. */
export interface StreamedAnswer {
  readonly kind: "streamed";
  readonly head: ProviderAnswer;
  readonly first: Buffer;
  readonly tap: StreamTap;
}

/**
 * Tries the models of a plan in order until one answers. A failed attempt is followed by the next where its kind allows it
 * (lib/service-error) and no byte of an answer has gone to the caller. Throws the last failure when no model answers. Every
 * attempt is in the recording, with what the provider said.
 */
export async function firstAnswer(attempts: Attempts): Promise<Answer> {
  const plan: readonly PlannedModel[] = [...attempts.endpoint.models, ...attempts.endpoint.fallbacks];
  for (const [index, planned] of plan.entries()) {
    const isLast = index === plan.length - 1;
    const attempt = attempts.recording.startAttempt(planned);
    try {
      return await tryModel(attempts, planned, attempt, isLast);
    } catch (thrown) {
      const error = serviceErrorOf(thrown);
      attempt.end(failureOf(error));
      if (isLast || attempts.signal.aborted || !meaningOf(error.kind).nextAttempt) throw error;
    }
  }
  throw new ServiceError("internal", "The endpoint has no models.");
}

async function tryModel(
  attempts: Attempts,
  { provider, model }: PlannedModel,
  attempt: OpenAttempt,
  isLast: boolean,
): Promise<Answer> {
  const { dialect, request, gateway, signal, invocation, endpoint } = attempts;
  const isOurs = endpoint.options.credentials === "gateway";
  if (isOurs && provider.unavailableReason !== undefined) {
    const message = `The provider ${provider.name} cannot be called: it ${provider.unavailableReason}. Set it and restart the gateway.`;
    throw new ServiceError("endpoint_unavailable", message);
  }
  const head = await provider.send({
    format: dialect.format,
    invocation,
    request,
    model,
    credentials: isOurs ? undefined : invocation.credentials,
    timeouts: endpoint.options.timeouts,
    traceParent: provider.propagates ? traceParentOf(attempts.recording, attempt) : undefined,
    signal,
  });
  attempt.answered(head.status, undefined);
  if (failureKindOfStatus(head.status) !== undefined) return readRefusal(provider.name, head, isLast);
  if (request.isStream(head.contentType)) return beginStream(attempts, head, attempt);
  const body = await collected(head.body, gateway.limits.answerBytesMax);
  attempt.answered(head.status, wholeWatchOf(dialect.readAnswer(body), body, gateway.limits.payloadBytesMax));
  return { kind: "whole", head, body, refusal: undefined };
}

/** A refusal goes to the caller as it is, but for one of our own credentials, or where another model may be tried. */
async function readRefusal(provider: string, head: ProviderAnswer, isLast: boolean): Promise<Answer> {
  const { refusal, body } = await refusalOf(provider, head);
  if (refusal.kind === "provider_auth" || (!isLast && meaningOf(refusal.kind).nextAttempt)) throw refusal;
  return { kind: "whole", head, body, refusal };
}

/** Reads a stream up to its first bytes for the caller, who may want it whole: until then another model may take over. */
async function beginStream(
  { gateway, recording, dialect, takesStream }: Attempts,
  head: ProviderAnswer,
  attempt: OpenAttempt,
): Promise<Answer> {
  const { answerBytesMax, eventBytesMax, payloadBytesMax } = gateway.limits;
  const tap = dialect.createStreamTap({
    withholdUsage: head.addsUsage,
    contentType: head.contentType,
    eventBytesMax,
    payloadBytesMax,
  });
  attempt.answered(head.status, tap);
  try {
    const pieces = new Pieces(answerBytesMax);
    for (;;) {
      const next = await head.body.next();
      const first = next.done ? NOTHING : tap.push(next.value, recording.now());
      if (first.length > 0 && takesStream) return { kind: "streamed", head, first, tap };
      pieces.add(first);
      if (!next.done && !tap.isOver) continue;
      pieces.add(tap.end());
      letGo(head);
      return { kind: "whole", head, body: pieces.joined(), refusal: undefined };
    }
  } catch (error) {
    // Nobody reads on: the connection and the attempt's timer are freed now.
    await head.body.return();
    throw error;
  }
}

/** The context for a provider: its parent is the attempt's span in the mirror, else in the full trace. */
function traceParentOf({ invocation }: Recording, attempt: OpenAttempt): string {
  const { callerSpan, mirrorSpanId, traceId } = invocation;
  return callerSpan !== undefined && mirrorSpanId !== undefined
    ? formatTraceParent({ traceId: callerSpan.traceId, spanId: attempt.mirrorSpanId, flags: SAMPLED })
    : formatTraceParent({ traceId, spanId: attempt.spanId, flags: SAMPLED });
}
