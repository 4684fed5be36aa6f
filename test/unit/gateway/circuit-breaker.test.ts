import fc from "fast-check";
import { expect, test } from "vitest";
import { CircuitBreaker, type Verdict } from "../../../services/gateway/core/routing/circuit-breaker.ts";
import { verdictOf } from "../../../services/gateway/core/routing/verdict.ts";

const OPTIONS = { failureRate: 0.5, windowMs: 10_000, attemptsMin: 4, openMs: 1_000 };

/** Makes attempts that end at once. */
function attempt(breaker: CircuitBreaker, nowMs: number, ...verdicts: readonly Verdict[]): void {
  for (const verdict of verdicts) {
    const pass = breaker.admit(nowMs);
    if (pass !== undefined) breaker.ended(pass, verdict, nowMs);
  }
}

function opened(): CircuitBreaker {
  const breaker = new CircuitBreaker(OPTIONS);
  attempt(breaker, 0, "fault", "fault", "fault", "fault");
  expect(breaker.stateAt(0)).toBe("open");
  return breaker;
}

test("it opens when enough attempts have been made and enough of them were faults", () => {
  const breaker = new CircuitBreaker(OPTIONS);
  attempt(breaker, 0, "fault", "fault", "fault");
  expect(breaker.stateAt(0)).toBe("closed");
  attempt(breaker, 0, "well", "well", "well", "well");
  expect(breaker.stateAt(0)).toBe("closed");
  attempt(breaker, 0, "fault");
  expect(breaker.stateAt(0)).toBe("open");
  expect(breaker.admit(0)).toBeUndefined();
  expect(breaker.waitMs(400)).toBe(600);
});

test("what is older than the window is forgotten, also when nothing was tried since", () => {
  const breaker = new CircuitBreaker(OPTIONS);
  attempt(breaker, 0, "fault", "fault", "fault");
  attempt(breaker, 10_500, "fault", "well", "well", "well");
  expect(breaker.stateAt(10_500)).toBe("closed");
});

test("what says nothing of the provider is not counted", () => {
  const breaker = new CircuitBreaker(OPTIONS);
  attempt(breaker, 0, "fault", "fault", "neither", "neither", "neither");
  expect(breaker.stateAt(0)).toBe("closed");
});

test("half open, one attempt tries and the others are not made", () => {
  const breaker = opened();
  expect(breaker.stateAt(999)).toBe("open");
  expect(breaker.stateAt(1_000)).toBe("half_open");
  const trial = breaker.admit(1_000);
  expect(trial).toBeDefined();
  expect(breaker.admit(1_000)).toBeUndefined();
});

test("a trial that goes well closes it, as soon as its answer begins", () => {
  for (const end of ["began", "ended"] as const) {
    const breaker = opened();
    const trial = breaker.admit(1_000);
    if (trial === undefined) throw new Error("no trial");
    if (end === "began") breaker.began(trial);
    else breaker.ended(trial, "well", 1_100);
    expect(breaker.stateAt(1_100)).toBe("closed");
    // All is forgotten: three faults are too few again.
    attempt(breaker, 1_100, "fault", "fault", "fault");
    expect(breaker.stateAt(1_100)).toBe("closed");
  }
});

test("a trial that fails opens it anew, and one that says nothing leaves its place to the next", () => {
  const breaker = opened();
  attempt(breaker, 1_000, "neither");
  expect(breaker.stateAt(1_000)).toBe("half_open");
  attempt(breaker, 1_000, "fault");
  expect(breaker.stateAt(1_999)).toBe("open");
  expect(breaker.stateAt(2_000)).toBe("half_open");
});

test("a trial that began well and was cut afterwards counts as a fault of the closed breaker", () => {
  const breaker = opened();
  const trial = breaker.admit(1_000);
  if (trial === undefined) throw new Error("no trial");
  breaker.began(trial);
  breaker.ended(trial, "fault", 1_500);
  attempt(breaker, 1_500, "fault", "fault");
  expect(breaker.stateAt(1_500)).toBe("closed");
  attempt(breaker, 1_500, "fault");
  expect(breaker.stateAt(1_500)).toBe("open");
});

test("what was under way when it opened is not counted, whenever it ends", () => {
  const breaker = new CircuitBreaker(OPTIONS);
  const early = [1, 2, 3, 4].map(() => breaker.admit(0));
  attempt(breaker, 0, "fault", "fault", "fault", "fault");
  for (const pass of early.slice(0, 2)) if (pass) breaker.ended(pass, "well", 500);
  expect(breaker.stateAt(500)).toBe("open");
  attempt(breaker, 1_000, "well");
  for (const pass of early.slice(2)) if (pass) breaker.ended(pass, "fault", 1_000);
  attempt(breaker, 1_000, "fault", "fault", "fault");
  expect(breaker.stateAt(1_000)).toBe("closed");
});

test("whatever comes in whatever order, an open breaker lets nothing pass and a half-open one attempt", () => {
  const event = fc.record({
    afterMs: fc.nat(700),
    begins: fc.boolean(),
    ends: fc.constantFrom<Verdict>("well", "fault", "neither"),
    which: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), (events) => {
      const breaker = new CircuitBreaker(OPTIONS);
      const open: NonNullable<ReturnType<CircuitBreaker["admit"]>>[] = [];
      let nowMs = 0;
      for (const { afterMs, begins, ends, which } of events) {
        nowMs += afterMs;
        const state = breaker.stateAt(nowMs);
        if (begins || open.length === 0) {
          const pass = breaker.admit(nowMs);
          if (state === "closed") expect(pass?.isTrial).toBe(false);
          if (state === "open") expect(pass).toBeUndefined();
          if (pass?.isTrial) expect(open.filter((other) => other.openings === pass.openings)).toEqual([]);
          if (pass !== undefined) open.push(pass);
        } else {
          const [pass] = open.splice(which % open.length, 1);
          if (pass !== undefined) breaker.ended(pass, ends, nowMs);
        }
      }
    }),
  );
});

test.each([
  ["provider_unavailable", "fault"],
  ["provider_timeout", "fault"],
  ["provider_protocol", "fault"],
  [undefined, "well"],
  ["provider_rejected", "well"],
  ["provider_auth", "well"],
  ["provider_rate_limited", "well"],
  ["cancelled", "neither"],
  ["deadline_exceeded", "neither"],
  ["internal", "neither"],
  ["untranslatable", "neither"],
  ["interrupted", "neither"],
] as const)("an attempt that ends with %s says %s of its provider", (failure, verdict) => {
  expect(verdictOf(failure)).toBe(verdict);
});
