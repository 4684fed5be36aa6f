import { newSpanId, type SpanIdHex } from "#lib/ids.ts";
import type { AttemptReason } from "#proto/twinspan/trace/v1/mirror.ts";
import { type Attempt, type Failure, NO_FACTS } from "./core/invocation.ts";
import type { AnswerWatch } from "./dialects/dialect.ts";
import type { PlannedModel } from "./endpoints.ts";
import type { Admission } from "./routing/provider-breaker.ts";

/** A model that may be asked now, and why it is. */
export interface Candidate {
  readonly planned: PlannedModel;
  /** Its provider's breaker has let it pass, and hears what comes of it. */
  readonly admission: Admission;
  readonly reason: AttemptReason;
}

/** What an attempt is opened with. */
export interface AttemptOpening {
  readonly index: number;
  readonly candidate: Candidate;
  /** The time of the call, which never runs backwards. */
  readonly now: () => bigint;
  /** Takes the attempt when it ends, once, and who watched its answer. */
  readonly onEnded: (attempt: Attempt, watch: AnswerWatch | undefined) => void;
}

/** An attempt from its beginning, now, to its end: what is learnt of it on the way is in the one that ended. */
export class OpenAttempt {
  readonly spanId: SpanIdHex = newSpanId();
  /** Its span in the mirror. */
  readonly mirrorSpanId: SpanIdHex = newSpanId();
  readonly #opening: AttemptOpening;
  readonly #startNanos: bigint;
  #httpStatus = 0;
  #watch: AnswerWatch | undefined;
  #hasEnded = false;

  constructor(opening: AttemptOpening) {
    this.#opening = opening;
    this.#startNanos = opening.now();
  }

  /** Says that the answer's head came, and who watches the answer: what it knows is taken when the attempt ends. */
  answered(httpStatus: number, watch: AnswerWatch | undefined): void {
    this.#httpStatus = httpStatus;
    this.#watch = watch;
  }

  /** Says that there is an answer for the caller. */
  began(): void {
    this.#opening.candidate.admission.began();
  }

  /** Ends it now. Only the first end counts. */
  end(failure: Failure | undefined): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { index, candidate, now, onEnded } = this.#opening;
    const { provider, model, costOf } = candidate.planned;
    const answer = this.#watch?.facts() ?? NO_FACTS;
    const attempt: Attempt = {
      spanId: this.spanId,
      mirrorSpanId: this.mirrorSpanId,
      index,
      reason: candidate.reason,
      provider: provider.name,
      providerHost: provider.host,
      providerPort: provider.port,
      requestModel: model,
      startNanos: this.#startNanos,
      endNanos: now(),
      httpStatus: this.#httpStatus,
      failure,
      answer,
      cost: answer.usage && costOf(answer.usage, answer.responseModel, this.#startNanos),
    };
    candidate.admission.ended(failure?.kind);
    onEnded(attempt, this.#watch);
  }
}
