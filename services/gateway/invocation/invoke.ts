import type { Identity } from "#lib/auth/identity.ts";
import { refusedRight } from "#lib/auth/refusal.ts";
import { ServiceError, serviceErrorOf } from "#lib/service-error.ts";
import type { CallerContext } from "#lib/trace-context/caller-context.ts";
import type { InvokeStreamResponse } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { Invocation, InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";
import { firstAnswer } from "../attempts/first-answer.ts";
import type { Attempts } from "../attempts/try-model.ts";
import { failureOf } from "../core/failure.ts";
import type { Caller } from "../core/invocation.ts";
import type { LimitSubject } from "../core/limits/limit-claims.ts";
import { limitHeadersOf } from "../core/limits/limit-headers.ts";
import type { DialectRequest, DialectSupport } from "../dialects/dialect.ts";
import { type Endpoint, isSharedWith } from "../endpoints/endpoints.ts";
import type { HeldEndpoint } from "../endpoints/live-endpoints.ts";
import type { Gateway } from "../gateway.ts";
import type { Allowance } from "../limits/allowances.ts";
import { callerKeyOf } from "../providers/caller-credentials.ts";
import { Recording } from "../recording/recording.ts";
import { expectedUseOf } from "./expected-use.ts";
import { handOn, lastPieceOf } from "./hand-on.ts";

/** A call of an endpoint, however it came in. */
export interface InvocationCall {
  readonly invocation: Invocation;
  /** What its bytes are. */
  readonly dialect: DialectSupport;
  /** Who calls, as it was verified. */
  readonly identity: Identity;
  /** What the caller knows it by. Undefined: nothing. */
  readonly requestId: string | undefined;
  /** Who calls, as they say themselves. */
  readonly caller: Caller;
  /** The caller's trace context. Undefined: it gave none, or none that is valid. */
  readonly callerContext: CallerContext | undefined;
  /** Whether the way it came in can carry a stream. */
  readonly takesStream: boolean;
  /** Aborts when the caller has gone; `reason` is the ServiceError that says how. */
  readonly signal: AbortSignal;
  /** Hears of the call's trace, once its endpoint is known. Not called for endpoints without tracing. */
  onTraced(ids: { readonly traceId: string; readonly spanId: string }): void;
  /** Hears how the caller's limits stand, before the answer begins, as headers. Not called when no limit counts the call. */
  onCounted(headers: readonly (readonly [name: string, value: string])[]): void;
  /** Hears that the call is not refused: what was told so far may go out. */
  onAccepted(): void;
  /** Hears what the call came to, before its last piece or its failure. Not called when there is no such endpoint. */
  onEnded(summary: InvocationSummary): void;
}

/**
 * Invokes an endpoint: finds it, notes the call, tries its models, and yields the answer as it comes. Throws a
 * ServiceError when there is no answer. Its twin traces are in the outbox before the last piece is yielded, and when it
 * throws, and when whoever reads it stops in the middle.
 */
export async function* invoke(
  gateway: Gateway,
  call: InvocationCall,
): AsyncGenerator<InvokeStreamResponse, void, void> {
  const acceptedNanos = gateway.clock();
  const { dialect, invocation } = call;
  const { body } = invocation;
  refuseLargeBody(gateway, body);
  const request = dialect.readRequest(invocation);
  using held = heldEndpointOf(gateway, request, call.identity);
  const { endpoint } = held;
  const { identity, requestId, caller, callerContext } = call;
  const facts = { endpoint, dialect, request, body, identity, requestId, caller, callerContext, acceptedNanos };
  const recording = new Recording(gateway, facts);
  try {
    if (recording.isTraced) call.onTraced(recording.invocation);
    refuseWithoutRight(gateway, call.identity, endpoint);
    refuseBadRequest(call, request);
    refuseWithoutCredentials(call, endpoint);
    recording.allowed(await allowanceOf(gateway, call, endpoint, recording));
    call.onAccepted();
    if (recording.isTraced) await recording.begin();
    const { takesStream, signal } = call;
    using _turn = endpoint.turnstile.enter() ?? (await turnOf(endpoint, recording, signal));
    const attempts: Attempts = { gateway, recording, dialect, invocation, request, endpoint, takesStream, signal };
    const answer = await firstAnswer(attempts);
    if (answer.kind === "whole") {
      const piece = await lastPieceOf(recording, answer);
      call.onEnded(piece.summary);
      yield piece;
      return;
    }
    for await (const piece of handOn(attempts, answer)) {
      if (piece.summary !== undefined) call.onEnded(piece.summary);
      yield piece;
    }
  } catch (thrown) {
    const error = serviceErrorOf(thrown);
    call.onEnded(await recording.end(failureOf(error)));
    throw error;
  } finally {
    if (!recording.hasEnded) await recording.end(failureOf(goneOf(call.signal)));
  }
}

/** The bound of a gRPC message leaves room for what is around a body, so the body has one of its own. */
function refuseLargeBody({ limits, metrics }: Gateway, body: Buffer): void {
  if (body.length <= limits.requestBytesMax) return;
  metrics.refused("too_large");
  const message = `The body is larger than ${limits.requestBytesMax} bytes (gateway.limits.requestBytesMax).`;
  throw new ServiceError("request_too_large", message, { field: "invocation.body" });
}

/** An endpoint of another workspace that is not shared is not there, to the letter of the answer. */
function heldEndpointOf(gateway: Gateway, request: DialectRequest, { workspace }: Identity): HeldEndpoint {
  const name = request.endpointName;
  if (name === undefined) {
    gateway.metrics.refused("no_endpoint");
    throw request.fault ?? new ServiceError("invalid_request", "The request names no endpoint.");
  }
  const held = gateway.endpoints.hold(name);
  if (held !== undefined && isSharedWith(held.endpoint, workspace)) return held;
  held?.[Symbol.dispose]();
  gateway.metrics.refused("unknown_endpoint");
  const shown = /^[\x21-\x7e]{1,128}$/.test(name) ? ` "${name}"` : "";
  throw new ServiceError(
    "not_found",
    `There is no endpoint${shown}. ListEndpoints, or GET /v1/models, lists those there are.`,
    {
      field: "model",
    },
  );
}

/** A key may be kept from invoking at all, or from some of the endpoints of its workspace. */
function refuseWithoutRight({ onRefused }: Gateway, identity: Identity, { name }: Endpoint): void {
  const { roles, endpoints } = identity;
  if (roles.has("invoke") && (endpoints === undefined || endpoints.has(name))) return;
  const error = roles.has("invoke")
    ? refusedRight("endpoint", `"${identity.name}" may not invoke the endpoint ${name}.`)
    : refusedRight("role", `This asks for the role invoke, which "${identity.name}" does not have.`);
  onRefused(error, `endpoint ${name}`, identity);
  throw error;
}

function refuseBadRequest({ takesStream }: InvocationCall, { fault, streaming }: DialectRequest): void {
  if (fault !== undefined) throw fault;
  if (streaming && !takesStream) {
    throw new ServiceError(
      "invalid_request",
      "The request asks for a stream. Call InvokeStream, or leave `stream` out.",
      {
        field: "stream",
      },
    );
  }
}

/** An endpoint that passes its callers' own credentials on has none to send in their place. */
function refuseWithoutCredentials({ invocation }: InvocationCall, { name, options }: Endpoint): void {
  if (options.credentials === "gateway" || callerKeyOf(invocation.credentials) !== undefined) return;
  throw new ServiceError(
    "unauthenticated",
    `The endpoint ${name} sends its provider the caller's own key, and the request brought none. Send it as your SDK does: authorization, x-api-key, x-goog-api-key or api-key.`,
  );
}

/** Asks the configuration's limits for the call. It is known by its trace, which it has also where that is not written. */
function allowanceOf(
  { allowances, clock }: Gateway,
  call: InvocationCall,
  endpoint: Endpoint,
  recording: Recording,
): Allowance | Promise<Allowance> {
  const { invocation } = recording;
  return allowances.ask({
    call: invocation.traceId,
    subject: subjectOf(call.identity, endpoint),
    estimate: (answerTokens) => expectedUseOf(endpoint, invocation, () => recording.request(), answerTokens),
    onCounted: (standings) => call.onCounted(limitHeadersOf(standings, Number(clock() / 1_000_000n))),
  });
}

/** Whom a call is counted under. A key and a token's subject of the same name are two. */
function subjectOf({ kind, name, workspace }: Identity, endpoint: Endpoint): LimitSubject {
  return { endpoint: endpoint.name, key: `${workspace}/${kind}/${name}`, workspace };
}

/** Waits for the call's turn. How long it did is in its trace, also when it waited in vain. */
async function turnOf({ turnstile }: Endpoint, recording: Recording, signal: AbortSignal): Promise<Disposable> {
  const startNanos = recording.now();
  try {
    return await turnstile.wait(signal);
  } finally {
    recording.waited(recording.now() - startNanos);
  }
}

/** Why a reader stopped in the middle. */
function goneOf(signal: AbortSignal): ServiceError {
  return signal.reason instanceof ServiceError ? signal.reason : new ServiceError("cancelled", "The caller hung up.");
}
