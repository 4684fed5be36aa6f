import { ServiceError } from "#lib/service-error.ts";
import type { InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import {
  type Claim,
  claimsOf,
  isUnder,
  type LimitRule,
  type LimitSubject,
  type Used,
} from "../core/limits/limit-claims.ts";
import type { LimitStanding } from "../core/limits/limit-headers.ts";
import { refusalOf, tooManyAtOnce } from "../core/limits/limit-refusal.ts";
import { AtOnce } from "./at-once.ts";
import type { Counters, Taken } from "./counters.ts";
import type { LimitMetrics } from "./limit-metrics.ts";

/** What a call was allowed. */
export interface Allowance {
  /** Counts what the call used in the place of what it might have. Once, however the call ended. Never throws. */
  settle(summary: InvocationSummary): void;
}

/** A call that asks for its allowance. */
export interface AllowanceRequest {
  /** Names the call among all, of all gateways. */
  readonly call: string;
  readonly subject: LimitSubject;
  /** What it may use, where its answer has so many tokens. Asked for only where a rule counts it. */
  estimate(answerTokens: number): Used;
  /** Hears how the windows stand that it is counted in, whether it is allowed or not. */
  onCounted(standings: readonly LimitStanding[]): void;
}

/** What allowances are made with. */
export interface AllowanceParts {
  /** How many tokens an answer is taken to have until it has ended. */
  readonly answerTokens: number;
  readonly counters: Counters;
  /** What becomes of calls while the counters are away. */
  readonly whenAway: "admit" | "refuse";
  readonly metrics: LimitMetrics;
  readonly nowMs: () => number;
}

const NOTHING: Used = { tokens: 0, nanoUsd: 0 };
const FREE: Allowance = { settle() {} };
const RETRY_AFTER_MS = 1_000;

/**
 * Says which calls may be made, by the rules of the configuration. Rules may change; what was used stays counted by
 * their names.
 */
export class Allowances {
  readonly #parts: AllowanceParts;
  readonly #atOnce = new AtOnce();
  #rules: readonly LimitRule[];

  constructor(rules: readonly LimitRule[], parts: AllowanceParts) {
    this.#rules = rules;
    this.#parts = parts;
  }

  /** Takes other rules, for calls from now on. */
  follow(rules: readonly LimitRule[]): void {
    this.#rules = rules;
  }

  /** Why calls are not counted as they should be, in words. Undefined: they are. */
  get trouble(): string | undefined {
    const { counters, whenAway } = this.#parts;
    if (counters.trouble === undefined) return undefined;
    return `limits degraded: ${counters.trouble}; calls under a rule are ${whenAway === "admit" ? "not counted" : "refused"}`;
  }

  /**
   * Allows a call, or rejects with a ServiceError `rate_limited` or `budget_exceeded` that names the rule and says when
   * to come again. A promise only where a rule counts the call.
   */
  ask(request: AllowanceRequest): Allowance | Promise<Allowance> {
    const rules = this.#rules.filter((rule) => isUnder(rule, request.subject));
    return rules.length === 0 ? FREE : this.#askUnder(rules, request);
  }

  async #askUnder(
    rules: readonly LimitRule[],
    { call, subject, estimate, onCounted }: AllowanceRequest,
  ): Promise<Allowance> {
    const entered = this.#atOnce.enter(rules, subject);
    if ("name" in entered) {
      this.#parts.metrics.refused(entered.name, "calls");
      throw tooManyAtOnce(entered);
    }
    try {
      const needsEstimate = rules.some(({ tokensMax, usdMax }) => (tokensMax ?? usdMax) !== undefined);
      const { answerTokens, nowMs } = this.#parts;
      const claims = claimsOf(rules, subject, needsEstimate ? estimate(answerTokens) : NOTHING, nowMs());
      const taken = claims.length === 0 ? undefined : await this.#take(call, claims);
      if (taken === undefined) return this.#allowanceOf(call, [], entered);
      onCounted(claims.map((claim, index) => ({ claim, left: Math.max(0, claim.max - (taken.used[index] ?? 0)) })));
      if (taken.refused !== undefined) throw this.#refused(taken.refused);
      return this.#allowanceOf(call, claims, entered);
    } catch (error) {
      entered[Symbol.dispose]();
      throw error;
    }
  }

  /** Undefined: nothing could be counted, and the call goes on. */
  async #take(call: string, claims: readonly Claim[]): Promise<Taken | undefined> {
    const { counters, whenAway, metrics } = this.#parts;
    try {
      return await counters.take(call, claims);
    } catch (cause) {
      metrics.uncounted();
      if (whenAway === "admit") return undefined;
      const message = "The limits cannot be looked up now, and calls are not made without. Try again.";
      throw new ServiceError("unavailable", message, { cause, retryAfterMs: RETRY_AFTER_MS });
    }
  }

  #refused(claim: Claim): ServiceError {
    this.#parts.metrics.refused(claim.rule.name, claim.unit);
    return refusalOf(claim, this.#parts.nowMs());
  }

  #allowanceOf(call: string, claims: readonly Claim[], turn: Disposable): Allowance {
    let isSettled = false;
    return {
      settle: (summary) => {
        if (isSettled) return;
        isSettled = true;
        turn[Symbol.dispose]();
        const settlements = claims.flatMap((claim) => {
          return claim.unit === "requests" ? [] : [{ claim, actual: usedOf(claim, claim.unit, summary) }];
        });
        if (settlements.length === 0) return;
        this.#parts.counters.settle(call, settlements).catch(() => this.#parts.metrics.unsettled());
      },
    };
  }
}

/** What a call used. An answer that came well and says nothing of it is taken for what was claimed. */
function usedOf({ amount }: Claim, unit: "tokens" | "nanoUsd", { usage, cost, errorType }: InvocationSummary): number {
  const told =
    unit === "nanoUsd" ? cost?.totalNanoUsd : usage && (usage.inputTokens ?? 0n) + (usage.outputTokens ?? 0n);
  if (told !== undefined) return Number(told);
  return errorType === ErrorType.ERROR_TYPE_UNSPECIFIED ? amount : 0;
}
