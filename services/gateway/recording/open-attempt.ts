import { newSpanId, type SpanIdHex } from "#lib/ids.ts";
import type { AttemptReason, RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { type AnswerFacts, type Attempt, type Failure, NO_FACTS, type Payload } from "../core/invocation.ts";
import { isFree, usageOfAnswer } from "../core/usage/attempt-usage.ts";
import type { AnswerWatch } from "../dialects/dialect.ts";
import type { PlannedModel } from "../endpoints/endpoints.ts";
import type { ProviderAnswer } from "../providers/provider.ts";
import type { Admission } from "../routing/provider-breaker.ts";

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
  readonly requestType: RequestType;
  /** The request, in JSON: asked for where its tokens must be estimated. */
  readonly request: () => Buffer;
  /** The time of the call, which never runs backwards. */
  readonly now: () => bigint;
  /** Takes the attempt when it ends, once, and who watched its answer. */
  readonly onEnded: (attempt: Attempt, watch: AnswerWatch | undefined) => void;
}

/** What an attempt learns of its answer's head. */
type AnsweredHead = Pick<ProviderAnswer, "status" | "told">;

/** An attempt from its beginning, now, to its end: what is learnt of it on the way is in the one that ended. */
export class OpenAttempt {
  readonly spanId: SpanIdHex = newSpanId();
  /** Its span in the mirror. */
  readonly mirrorSpanId: SpanIdHex = newSpanId();
  readonly #opening: AttemptOpening;
  readonly #startNanos: bigint;
  /** The requests that went to the provider in a translation. */
  readonly #translated: Buffer[] = [];
  #head: AnsweredHead | undefined;
  #watch: AnswerWatch | undefined;
  #hasEnded = false;

  constructor(opening: AttemptOpening) {
    this.#opening = opening;
    this.#startNanos = opening.now();
  }

  /** Says that the provider was sent a translation of the request, or of a part of it. */
  translated(body: Buffer): void {
    this.#translated.push(body);
  }

  /** Says that the answer's head came, and who watches the answer: what it knows is taken when the attempt ends. */
  answered(head: AnsweredHead, watch: AnswerWatch | undefined): void {
    this.#head = head;
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
    candidate.admission.ended(failure?.kind);
    const { provider, model } = candidate.planned;
    // What the provider said goes before what can be read of a translation.
    const facts = { ...(this.#watch?.facts() ?? NO_FACTS), ...this.#head?.told?.() };
    const answer = { ...facts, usage: this.#usageOf(facts) };
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
      httpStatus: this.#head?.status ?? 0,
      failure,
      inputs: this.#inputs(),
      answer,
      cost: this.#costOf(answer),
    };
    onEnded(attempt, this.#watch);
  }

  /** The request as the provider was sent it, where it was not the caller's own; several as a list. */
  #inputs(): Payload | undefined {
    const [only, ...others] = this.#translated;
    if (only === undefined) return undefined;
    const bytes = others.length === 0 ? only : Buffer.from(`[${this.#translated.map(String).join(",")}]`);
    return { bytes, truncated: false };
  }

  #usageOf(facts: AnswerFacts): Usage | undefined {
    const watch = this.#watch;
    if (watch === undefined || !this.#isAnswered) return facts.usage;
    const { requestType, request } = this.#opening;
    return usageOfAnswer({ requestType, facts, request, reduced: () => watch.reduced() });
  }

  #costOf({ usage, responseModel }: AnswerFacts): Cost | undefined {
    const { candidate, requestType } = this.#opening;
    if (usage === undefined && (!this.#isAnswered || isFree(requestType))) return undefined;
    return candidate.planned.costOf(usage, responseModel, this.#startNanos);
  }

  /** Whether the provider has taken the request on. */
  get #isAnswered(): boolean {
    const status = this.#head?.status ?? 0;
    return status >= 200 && status < 300;
  }
}
