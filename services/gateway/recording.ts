import { newSpanId, newTraceId, type SpanIdHex, traceNameOf } from "#lib/ids.ts";
import type { ServiceError } from "#lib/service-error.ts";
import { sumOfCosts, sumOfUsages } from "#lib/spans/usage.ts";
import { errorWordOf } from "#lib/spans/words.ts";
import type { CallerContext } from "#lib/trace-context/caller-context.ts";
import type { InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";
import { AttemptReason } from "#proto/twinspan/trace/v1/mirror.ts";
import { errorTypeOf } from "./core/error-type.ts";
import type { Attempt, Caller, Ending, Failure, Invocation, Payload } from "./core/invocation.ts";
import { NO_FACTS } from "./core/invocation.ts";
import { mirrorDecisionOf } from "./core/mirror-decision.ts";
import { ProviderError } from "./core/provider-error.ts";
import { recordOf } from "./core/record.ts";
import type { AnswerWatch, DialectRequest, DialectSupport } from "./dialects/dialect.ts";
import type { Endpoint, PlannedModel } from "./endpoints.ts";
import type { Gateway } from "./gateway.ts";

/** What a recording is opened with. */
export interface Opening {
  readonly endpoint: Endpoint;
  readonly dialect: DialectSupport;
  readonly request: DialectRequest;
  readonly body: Buffer;
  readonly caller: Caller;
  readonly callerContext: CallerContext | undefined;
  readonly acceptedNanos: bigint;
}

/** An attempt that has not ended. */
export interface OpenAttempt {
  readonly spanId: SpanIdHex;
  readonly mirrorSpanId: SpanIdHex;
  /** Says that the answer's head came, and who watches the answer: what it knows is taken when the attempt ends. */
  answered(httpStatus: number, watch: AnswerWatch | undefined): void;
  /** Ends it now. Only the first end counts. */
  end(failure: Failure | undefined): void;
}

/**
 * Records one invocation: notes it before a provider is called, gathers its attempts, and puts its twin traces into the
 * outbox when it ends, however it ends. Nothing here fails a call.
 */
export class Recording {
  readonly invocation: Invocation;
  readonly #gateway: Gateway;
  readonly #opening: Opening;
  readonly #attempts: Attempt[] = [];
  #openAttempt: OpenAttempt | undefined;
  /** Who watches the answer of the latest attempt. */
  #watch: AnswerWatch | undefined;
  #hasEnded = false;
  #latestNanos: bigint;

  constructor(gateway: Gateway, opening: Opening) {
    this.#gateway = gateway;
    this.#opening = opening;
    const { endpoint, dialect, request, caller, callerContext, acceptedNanos } = opening;
    const mirror = mirrorDecisionOf(endpoint.mirror, callerContext);
    this.#latestNanos = acceptedNanos;
    this.invocation = {
      traceId: newTraceId(),
      spanId: newSpanId(),
      startNanos: acceptedNanos,
      endpointId: endpoint.id,
      endpointName: endpoint.name,
      experiment: endpoint.experiment,
      requestType: dialect.requestType,
      messageFormat: dialect.messageFormat,
      streaming: request.streaming,
      caller,
      callerSpan: callerContext && { traceId: callerContext.traceId, spanId: callerContext.spanId },
      mirrorSpanId: mirror === "written" ? newSpanId() : undefined,
    };
    gateway.metrics.opened(endpoint.isTraced ? mirror : undefined);
  }

  get isTraced(): boolean {
    return this.#opening.endpoint.isTraced;
  }

  /**
   * The time, which within a call never runs backwards, whatever the clock does: attempts lie inside their call, first tokens
   * inside their attempt.
   */
  now(): bigint {
    const nowNanos = this.#gateway.clock();
    if (nowNanos > this.#latestNanos) this.#latestNanos = nowNanos;
    return this.#latestNanos;
  }

  /** Notes the call in the outbox. Must come before a provider is called. */
  async begin(): Promise<void> {
    if (!this.isTraced) return;
    const written = await this.#gateway.outbox.begin(this.invocation);
    if (written === "late") this.#gateway.metrics.late("begin");
  }

  /** Begins an attempt now. There is one at a time. */
  startAttempt({ provider, model, costOf }: PlannedModel): OpenAttempt {
    const index = this.#attempts.length;
    const startNanos = this.now();
    const spanId = newSpanId();
    const mirrorSpanId = newSpanId();
    let httpStatus = 0;
    this.#watch = undefined;
    const attempt: OpenAttempt = {
      spanId,
      mirrorSpanId,
      answered: (status, watch) => {
        httpStatus = status;
        this.#watch = watch;
      },
      end: (failure) => {
        if (this.#openAttempt !== attempt) return;
        this.#openAttempt = undefined;
        const facts = this.#watch?.facts() ?? NO_FACTS;
        this.#attempts.push({
          spanId,
          mirrorSpanId,
          index,
          reason: index === 0 ? AttemptReason.ATTEMPT_REASON_FIRST : AttemptReason.ATTEMPT_REASON_FALLBACK,
          provider: provider.name,
          providerHost: provider.host,
          providerPort: provider.port,
          requestModel: model,
          startNanos,
          endNanos: this.now(),
          httpStatus,
          failure,
          answer: facts,
          cost: facts.usage && costOf(facts.usage, facts.responseModel, startNanos),
        });
      },
    };
    this.#openAttempt = attempt;
    return attempt;
  }

  /**
   * Ends the call now and puts its record into the outbox; returns when that is committed, or has had its time. Only the
   * first end counts. An attempt that is still open ends with the call.
   */
  async end(failure: Failure | undefined): Promise<InvocationSummary> {
    this.#openAttempt?.end(failure);
    const { invocation } = this;
    const ending: Ending = {
      endNanos: this.now(),
      // What the provider said stands in the attempt, once.
      failure: failure && this.#attempts.length > 0 ? { kind: failure.kind, text: "" } : failure,
      attempts: this.#attempts,
    };
    const summary = this.#summaryOf(ending);
    if (this.#hasEnded) return summary;
    this.#hasEnded = true;
    this.#gateway.metrics.ended(invocation, ending, summary.providerNanos);
    if (this.isTraced) await this.#record(ending);
    return summary;
  }

  /** A fault of ours in making the record costs the record, is counted and logged, and never fails the call. */
  async #record(ending: Ending): Promise<void> {
    const { outbox, metrics, log } = this.#gateway;
    try {
      const inputs = this.#attempts.length === 0 ? undefined : this.#inputs();
      const record = recordOf(this.invocation, { ...ending, inputs, outputs: this.#watch?.reduced() });
      const written = await outbox.finish(this.invocation, record);
      if (written === "late") metrics.late("finish");
    } catch (error) {
      metrics.unrecorded();
      log.error({ err: error, traceId: this.invocation.traceId }, "a call could not be recorded");
    }
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The request, as the caller sent it. A request that no provider was sent is not kept. */
  #inputs(): Payload {
    const { payloadBytesMax } = this.#gateway.limits;
    const { body, request } = this.#opening;
    const recorded = request.recorded?.(payloadBytesMax);
    return recorded ?? { bytes: body.subarray(0, payloadBytesMax), truncated: body.length > payloadBytesMax };
  }

  #summaryOf({ endNanos, failure, attempts }: Ending): InvocationSummary {
    const { invocation } = this;
    const firstTokenNanos = attempts.at(-1)?.answer.firstTokenNanos;
    return {
      traceId: this.isTraced ? traceNameOf(invocation.traceId) : "",
      errorType: errorWordOf(errorTypeOf(failure)) ?? "",
      usage: sumOfUsages(attempts.map(({ answer }) => answer.usage)),
      cost: sumOfCosts(attempts.map(({ cost }) => cost)),
      durationNanos: endNanos - invocation.startNanos,
      providerNanos: attempts.reduce((sum, attempt) => sum + attempt.endNanos - attempt.startNanos, 0n),
      timeToFirstTokenNanos: firstTokenNanos === undefined ? 0n : firstTokenNanos - invocation.startNanos,
      attempts: attempts.length,
    };
  }
}

/** The failure that an error is, for a span: what the provider or the network said is its text. */
export function failureOf(error: ServiceError): Failure {
  return { kind: error.kind, text: error instanceof ProviderError ? error.text : error.message };
}
