import type { Identity } from "#lib/auth/identity.ts";
import { newSpanId, newTraceId, traceNameOf } from "#lib/ids.ts";
import type { CallerContext } from "#lib/trace-context/caller-context.ts";
import type { InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { Attempt, Caller, Ending, Failure, Payload, RecordedInvocation } from "../core/invocation.ts";
import { handedBytesMaxOf } from "../core/payload/payload-policy.ts";
import { summaryOf } from "../core/summary.ts";
import { mirrorDecisionOf } from "../core/twins/mirror-decision.ts";
import type { AnswerWatch, DialectRequest, DialectSupport } from "../dialects/dialect.ts";
import type { Endpoint, PlannedModel } from "../endpoints/endpoints.ts";
import type { Gateway } from "../gateway.ts";
import type { Allowance } from "../limits/allowances.ts";
import { type CallSpan, startCallSpan } from "./call-span.ts";
import { attemptFactsOf, endedCallOf } from "./ended-call.ts";
import { keepPayloads } from "./keep-payloads.ts";
import { type Candidate, OpenAttempt } from "./open-attempt.ts";

/** What a recording is opened with. */
export interface Opening {
  readonly endpoint: Endpoint;
  readonly dialect: DialectSupport;
  readonly request: DialectRequest;
  readonly body: Buffer;
  readonly identity: Identity;
  readonly requestId: string | undefined;
  readonly caller: Caller;
  readonly callerContext: CallerContext | undefined;
  readonly acceptedNanos: bigint;
}

/**
 * Records one invocation: notes it before a provider is called, gathers its attempts, and puts its twin traces into the
 * outbox when it ends, however it ends. Nothing here fails a call.
 */
export class Recording {
  readonly invocation: RecordedInvocation;
  readonly #gateway: Gateway;
  readonly #opening: Opening;
  readonly #open = new Set<OpenAttempt>();
  /** In the order they ended. */
  readonly #ended: Attempt[] = [];
  readonly #passedOver: string[] = [];
  #waitedNanos: bigint | undefined;
  #allowance: Allowance | undefined;
  /** Who watched the answer of the last that ended. */
  #watch: AnswerWatch | undefined;
  readonly #callSpan: CallSpan | undefined;
  #hasEnded = false;
  #latestNanos: bigint;

  constructor(gateway: Gateway, opening: Opening) {
    this.#gateway = gateway;
    this.#opening = opening;
    const { endpoint, dialect, request, identity, caller, callerContext, acceptedNanos } = opening;
    const mirror = mirrorDecisionOf(endpoint.mirror, callerContext);
    this.#latestNanos = acceptedNanos;
    this.invocation = {
      traceId: newTraceId(),
      spanId: newSpanId(),
      startNanos: acceptedNanos,
      endpointId: endpoint.id,
      endpointName: endpoint.name,
      experiment: endpoint.experiment,
      workspace: endpoint.workspace,
      callerWorkspace: identity.workspace,
      username: identity.kind === "nobody" ? undefined : identity.name,
      callerKey: identity.kind === "key" || identity.kind === "certificate" ? identity.name : undefined,
      requestType: dialect.requestType,
      messageFormat: dialect.messageFormat,
      streaming: request.streaming,
      caller,
      callerSpan: callerContext && { traceId: callerContext.traceId, spanId: callerContext.spanId },
      mirrorSpanId: mirror === "written" ? newSpanId() : undefined,
    };
    gateway.metrics.opened(endpoint.isTraced ? mirror : undefined);
    const { ownTraces } = gateway;
    this.#callSpan = ownTraces && startCallSpan(ownTraces, this.invocation, endpoint.isTraced);
  }

  get isTraced(): boolean {
    return this.#opening.endpoint.isTraced;
  }

  /**
   * The time, which within a call never runs backwards, whatever the clock does: attempts lie inside their call, first
   * tokens inside their attempt.
   */
  now(): bigint {
    const nowNanos = this.#gateway.clock();
    if (nowNanos > this.#latestNanos) this.#latestNanos = nowNanos;
    return this.#latestNanos;
  }

  /** Notes a traced call in the outbox. Must come before a provider is called. */
  async begin(): Promise<void> {
    const written = await this.#gateway.outbox.begin(this.invocation);
    if (written === "late") this.#gateway.metrics.late("begin");
  }

  /** Notes what the call is allowed: what it used is counted when it ends. */
  allowed(allowance: Allowance): void {
    this.#allowance = allowance;
  }

  /** Notes how long the call waited for its turn. */
  waited(nanos: bigint): void {
    this.#waitedNanos = nanos;
    this.#gateway.metrics.waited(this.invocation.endpointName, nanos);
  }

  /** Begins an attempt now. Several may be open at once. */
  startAttempt(candidate: Candidate): OpenAttempt {
    const attempt = new OpenAttempt({
      index: this.attempts,
      candidate,
      requestType: this.invocation.requestType,
      request: () => this.request(),
      now: () => this.now(),
      onEnded: (ended, watch) => {
        this.#open.delete(attempt);
        this.#ended.push(ended);
        this.#watch = watch;
        this.#tell(ended);
      },
    });
    this.#open.add(attempt);
    return attempt;
  }

  #tell(attempt: Attempt): void {
    const { log } = this.#gateway;
    if (!log.isLevelEnabled("debug")) return;
    log.debug({ traceId: traceNameOf(this.invocation.traceId), ...attemptFactsOf(attempt) }, "attempt");
  }

  /** Notes that a model was not asked, since its provider's breaker is open. */
  passedOver({ provider, model }: PlannedModel): void {
    this.#passedOver.push(`${provider.name}/${model}`);
    this.#gateway.metrics.passedOver(provider.name, model);
  }

  /** How many attempts have begun. */
  get attempts(): number {
    return this.#open.size + this.#ended.length;
  }

  /**
   * Ends the call now and puts its record into the outbox; returns when that is committed, or has had its time. Only
   * the first end counts. The attempts that are still open end with the call.
   */
  async end(failure: Failure | undefined): Promise<InvocationSummary> {
    for (const attempt of this.#open) attempt.end(failure);
    const { invocation } = this;
    const ending: Ending = {
      endNanos: this.now(),
      // What the provider said stands in the attempt, once.
      failure: failure && this.attempts > 0 ? { kind: failure.kind, text: "" } : failure,
      attempts: this.#ended.toSorted((a, b) => a.index - b.index),
      passedOver: this.#passedOver.length === 0 ? undefined : this.#passedOver,
      waitedNanos: this.#waitedNanos,
    };
    // The attempt that answers is the last to end: hedges that lose end before, at once.
    const told = summaryOf(invocation, ending, this.#ended.at(-1));
    const summary = this.isTraced ? told : { ...told, traceId: "" };
    if (this.#hasEnded) return summary;
    this.#hasEnded = true;
    this.#allowance?.settle(summary);
    this.#callSpan?.end(ending);
    this.#gateway.metrics.ended(invocation, ending, summary);
    this.#gateway.access(endedCallOf(invocation, this.#opening.requestId, ending, summary));
    this.#opening.endpoint.health.ended(invocation, ending, summary.timeToFirstTokenNanos);
    if (this.isTraced) await this.#record(ending);
    return summary;
  }

  /** A fault of ours in making the record costs the record, is counted and logged, and never fails the call. */
  async #record(ending: Ending): Promise<void> {
    const { outbox, records, metrics, log } = this.#gateway;
    const { endpoint } = this.#opening;
    try {
      const inputs =
        this.attempts === 0 ? undefined : this.#request(handedBytesMaxOf(endpoint.payload, Number.MAX_SAFE_INTEGER));
      const outcome = { ...ending, inputs, outputs: this.#watch?.reduced() };
      const kept = keepPayloads(outcome, endpoint.payload, log);
      metrics.kept(endpoint.name, kept);
      const record = records.recordOf(this.invocation, outcome, kept);
      const written = await outbox.finish(this.invocation, record);
      if (written === "late") metrics.late("finish");
    } catch (error) {
      metrics.unrecorded();
      log.error({ err: error, traceId: traceNameOf(this.invocation.traceId) }, "a call could not be recorded");
    }
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The whole request in JSON, as far as it is JSON. */
  request(): Buffer {
    return this.#request(Number.MAX_SAFE_INTEGER).bytes;
  }

  /** The request, as the caller sent it. What is cut at `bytesMax` is JSON still, where it was made for the record. */
  #request(bytesMax: number): Payload {
    const { body, request } = this.#opening;
    return request.recorded?.(bytesMax) ?? { bytes: body, truncated: false };
  }
}
