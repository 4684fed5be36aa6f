import fc from "fast-check";
import { expect, test } from "vitest";
import { ERROR_KINDS, type ErrorKind, isErrorKind, meaningOf } from "#lib/service-error.ts";
import {
  type FailedAttempt,
  isSpent,
  nextStepOf,
  type RetryOptions,
} from "../../../services/gateway/core/routing/next-step.ts";

const FRESH = { attempts: 1, retries: 0, elapsedMs: 0 };
const OPTIONS: RetryOptions = {
  attemptsMax: 8,
  attemptsMs: 60_000,
  retries: { max: 2, delayMinMs: 100, delayMaxMs: 1_000 },
};
const KINDS: readonly ErrorKind[] = Object.keys(ERROR_KINDS).filter(isErrorKind);

function failed(kind: ErrorKind, more: Partial<FailedAttempt> = {}): FailedAttempt {
  return { kind, httpStatus: 0, retryAfterMs: undefined, isFinal: false, ...more };
}

test("the table: what may pass is tried again, what is about the model leads to the next, all else to nobody", () => {
  const to = (step: string) => KINDS.filter((kind) => nextStepOf(failed(kind), FRESH, OPTIONS, 0.5).to === step);
  expect(to("same_model")).toEqual([
    "provider_rate_limited",
    "provider_unavailable",
    "provider_suspended",
    "provider_timeout",
    "provider_protocol",
  ]);
  expect(to("next_model")).toEqual(["untranslatable", "endpoint_unavailable", "provider_auth"]);
});

test.each([
  [501, "provider_unavailable"],
  [505, "provider_unavailable"],
] as const)("a provider that answers %i does not learn it in a second", (httpStatus, kind) => {
  expect(nextStepOf(failed(kind, { httpStatus }), FRESH, OPTIONS, 0.5)).toEqual({ to: "next_model" });
});

test("a provider that says `x-should-retry: false` is not asked again", () => {
  const final = failed("provider_unavailable", { isFinal: true });
  expect(nextStepOf(final, FRESH, OPTIONS, 0.5)).toEqual({ to: "next_model" });
});

test("the wait doubles under its jitter, up to the longest", () => {
  const retries = { max: 5, delayMinMs: 100, delayMaxMs: 1_000 };
  const waits = [0, 1, 2, 3, 4].map((retried) =>
    nextStepOf(
      failed("provider_timeout"),
      { attempts: 1, retries: retried, elapsedMs: 0 },
      { ...OPTIONS, retries },
      0.999999,
    ),
  );
  const delays = waits.map((step) => (step.to === "same_model" ? Math.round(step.delayMs) : undefined));
  expect(delays).toEqual([100, 200, 400, 800, 1_000]);
  expect(nextStepOf(failed("provider_timeout"), FRESH, OPTIONS, 0)).toEqual({ to: "same_model", delayMs: 0 });
});

test("a Retry-After is waited for, and on top a jitter; where it is too long the next model is asked", () => {
  const after = (retryAfterMs: number) =>
    nextStepOf(failed("provider_rate_limited", { retryAfterMs }), FRESH, OPTIONS, 0.5);
  expect(after(700)).toEqual({ to: "same_model", delayMs: 750 });
  expect(after(1_000)).toEqual({ to: "same_model", delayMs: 1_000 });
  expect(after(1_001)).toEqual({ to: "next_model" });
});

test("a wait that would outlast the time for attempts is not begun", () => {
  const failure = failed("provider_rate_limited", { retryAfterMs: 900 });
  const after = (elapsedMs: number) => nextStepOf(failure, { attempts: 1, retries: 0, elapsedMs }, OPTIONS, 0).to;
  expect([after(59_099), after(59_100)]).toEqual(["same_model", "next_model"]);
});

test("whatever happens, the budget is kept, no wait is shorter than asked for, and the caller's own fault ends it", () => {
  fc.assert(
    fc.property(
      fc.record({
        kind: fc.constantFrom(...KINDS),
        httpStatus: fc.constantFrom(0, 200, 400, 409, 429, 500, 501, 503),
        retryAfterMs: fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined }),
        isFinal: fc.boolean(),
      }),
      fc.record({ attempts: fc.nat(40), retries: fc.nat(6), elapsedMs: fc.nat(200_000) }),
      fc.record({
        attemptsMax: fc.integer({ min: 1, max: 32 }),
        attemptsMs: fc.integer({ min: 1, max: 200_000 }),
        retries: fc.record({
          max: fc.nat(5),
          delayMinMs: fc.integer({ min: 1, max: 10_000 }),
          delayMaxMs: fc.integer({ min: 1, max: 60_000 }),
        }),
      }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failure, spent, options, random) => {
        const step = nextStepOf(failure, spent, options, random);
        if (!meaningOf(failure.kind).nextAttempt || isSpent(spent, options)) expect(step.to).toBe("nobody");
        else expect(step.to).not.toBe("nobody");
        if (step.to !== "same_model") return;
        expect(spent.retries).toBeLessThan(options.retries.max);
        expect(step.delayMs).toBeGreaterThanOrEqual(failure.retryAfterMs ?? 0);
        expect(step.delayMs).toBeLessThanOrEqual(options.retries.delayMaxMs);
        expect(spent.elapsedMs + step.delayMs).toBeLessThan(options.attemptsMs);
      },
    ),
    { numRuns: 2_000 },
  );
});
