import { type ServiceError, serviceErrorOf } from "#lib/service-error.ts";
import { formatTraceParent, SAMPLED } from "#lib/trace-context/traceparent.ts";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { failureKindOfStatus } from "../core/error-type.ts";
import { failureOf } from "../core/failure.ts";
import { handedBytesMaxOf } from "../core/payload/payload-policy.ts";
import type { DialectRequest, DialectSupport } from "../dialects/dialect.ts";
import type { Endpoint, PlannedModel } from "../endpoints/endpoints.ts";
import type { Gateway } from "../gateway.ts";
import type { ProviderAnswer } from "../providers/provider.ts";
import type { OpenAttempt } from "../recording/open-attempt.ts";
import type { Recording } from "../recording/recording.ts";
import type { Answer, FailedAnswer } from "./answer.ts";
import { letGo } from "./let-go.ts";
import { refusalOf } from "./refusal.ts";
import { Pieces, unfinishedWatchOf, wholeWatchOf } from "./whole-answer.ts";

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

/**
 * Asks one model once. Returns when its answer is whole, or when the first bytes of its stream are here for the caller:
 * until then another model may take over. A failure is returned, not thrown; the attempt has ended with it.
 */
export async function tryModel(
  attempts: Attempts,
  planned: PlannedModel,
  attempt: OpenAttempt,
): Promise<Answer | FailedAnswer> {
  try {
    const head = await send(attempts, planned, attempt);
    attempt.answered(head, undefined);
    if (failureKindOfStatus(head.status) !== undefined) return await readRefusal(attempts, planned, attempt, head);
    const isStream = attempts.request.isStream(head.contentType);
    const answer = await (isStream ? beginStream : readWhole)(attempts, head, attempt);
    attempt.began();
    return answer;
  } catch (thrown) {
    const error = serviceErrorOf(thrown);
    attempt.end(failureOf(error));
    return { kind: "failed", planned, error, httpStatus: 0, isFinal: false, refusal: undefined };
  }
}

function send(attempts: Attempts, { provider, model }: PlannedModel, attempt: OpenAttempt): Promise<ProviderAnswer> {
  const { gateway, dialect, request, recording, signal, invocation, endpoint } = attempts;
  return provider.send({
    format: dialect.format,
    invocation,
    request,
    model,
    credentials: isOurs(endpoint) ? undefined : invocation.credentials,
    timeouts: endpoint.options.timeouts,
    answerBytesMax: gateway.limits.answerBytesMax,
    traceParent: provider.propagates ? traceParentOf(recording, attempt) : undefined,
    onTranslated: (body) => attempt.translated(body),
    signal,
  });
}

/** Whether the provider is sent our credentials, not the caller's. */
function isOurs({ options }: Endpoint): boolean {
  return options.credentials === "gateway";
}

/** A refusal may go to the caller as it is, but for one of our own credentials. */
async function readRefusal(
  { endpoint }: Attempts,
  planned: PlannedModel,
  attempt: OpenAttempt,
  head: ProviderAnswer,
): Promise<FailedAnswer> {
  const { refusal: error, body } = await refusalOf(planned.provider.name, head, isOurs(endpoint));
  attempt.end(failureOf(error));
  const isFinal = head.headers.some(([name, value]) => name === "x-should-retry" && value === "false");
  const refusal = error.kind === "provider_auth" ? undefined : wholeOf(head, body, error);
  return { kind: "failed", planned, error, httpStatus: head.status, isFinal, refusal };
}

async function readWhole(
  { gateway, dialect, endpoint }: Attempts,
  head: ProviderAnswer,
  attempt: OpenAttempt,
): Promise<Answer> {
  const pieces = new Pieces(gateway.limits.answerBytesMax);
  attempt.answered(head, unfinishedWatchOf(pieces, endpoint.payload.bytesMax));
  for await (const piece of head.body) pieces.add(piece);
  const body = pieces.joined();
  // What is no answer is none that was begun.
  attempt.answered(head, undefined);
  attempt.answered(head, wholeWatchOf(dialect.readAnswer(body), body));
  return wholeOf(head, body, undefined);
}

/** Reads a stream up to its first bytes for the caller, who may want it whole. */
async function beginStream(
  { gateway, recording, dialect, endpoint, takesStream }: Attempts,
  head: ProviderAnswer,
  attempt: OpenAttempt,
): Promise<Answer> {
  const { answerBytesMax, eventBytesMax, payloadBytesMax } = gateway.limits;
  const tap = dialect.createStreamTap({
    withholdUsage: head.addsUsage,
    contentType: head.contentType,
    eventBytesMax,
    payloadBytesMax: handedBytesMaxOf(endpoint.payload, payloadBytesMax),
  });
  attempt.answered(head, tap);
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
      return wholeOf(head, pieces.joined(), undefined);
    }
  } catch (error) {
    // Nobody reads on: the connection and the attempt's timer are freed now.
    await head.body.return();
    throw error;
  }
}

function wholeOf(head: ProviderAnswer, body: Buffer, refusal: ServiceError | undefined) {
  return { kind: "whole", head, body, refusal } as const;
}

/** The context for a provider: its parent is the attempt's span in the mirror, else in the full trace. */
function traceParentOf({ invocation }: Recording, attempt: OpenAttempt): string {
  const { callerSpan, mirrorSpanId, traceId } = invocation;
  return callerSpan !== undefined && mirrorSpanId !== undefined
    ? formatTraceParent({ traceId: callerSpan.traceId, spanId: attempt.mirrorSpanId, flags: SAMPLED })
    : formatTraceParent({ traceId, spanId: attempt.spanId, flags: SAMPLED });
}
