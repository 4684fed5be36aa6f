import { errorTypeOf } from "../core/error-type.ts";
import type { Attempt, Ending, RecordedInvocation } from "../core/invocation.ts";
import { RecentCalls, type RecentTotals } from "../core/routing/recent-calls.ts";

/** What the calls of an endpoint, and the attempts at its models, came to lately. */
export class EndpointHealth {
  readonly #calls = new RecentCalls();
  /** By provider and model. */
  readonly #models = new Map<string, Map<string, RecentCalls>>();

  /** Forgets all models but these. */
  follow(models: readonly { readonly provider: string; readonly model: string }[]): void {
    const before = new Map(this.#models);
    this.#models.clear();
    for (const { provider, model } of models) {
      const ofProvider = this.#models.get(provider) ?? new Map<string, RecentCalls>();
      this.#models.set(provider, ofProvider);
      ofProvider.set(model, before.get(provider)?.get(model) ?? new RecentCalls());
    }
  }

  /** Takes a call that has ended. `firstTokenNanos`: from its acceptance. Undefined: there was none. */
  ended({ startNanos }: RecordedInvocation, ending: Ending, firstTokenNanos: bigint | undefined): void {
    const nowMs = performance.now();
    this.#calls.ended(
      {
        durationNanos: ending.endNanos - startNanos,
        firstTokenNanos,
        errorType: errorTypeIn(ending),
      },
      nowMs,
    );
    for (const attempt of ending.attempts) {
      const { answer, startNanos: begun, endNanos, provider, requestModel } = attempt;
      this.#models
        .get(provider)
        ?.get(requestModel)
        ?.ended(
          {
            durationNanos: endNanos - begun,
            firstTokenNanos: answer.firstTokenNanos === undefined ? undefined : answer.firstTokenNanos - begun,
            errorType: errorTypeIn(attempt),
          },
          nowMs,
        );
    }
  }

  /** What its calls came to. */
  get calls(): RecentTotals {
    return this.#calls.totalsAt(performance.now());
  }

  /** What the attempts at one of its models came to. Undefined: it has no such model. */
  modelOf(provider: string, model: string): RecentTotals | undefined {
    return this.#models.get(provider)?.get(model)?.totalsAt(performance.now());
  }
}

function errorTypeIn({ failure }: Ending | Attempt) {
  return failure === undefined ? undefined : errorTypeOf(failure);
}
