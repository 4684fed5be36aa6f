import fc from "fast-check";
import { expect, test } from "vitest";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { RecentCalls, WINDOW_MS } from "../../../services/gateway/core/routing/recent-calls.ts";

const OK = { durationNanos: 5n, firstTokenNanos: undefined, errorType: undefined };

test("nothing has ended: there are no times", () => {
  expect(new RecentCalls().totalsAt(0)).toEqual({
    count: 0,
    errors: 0,
    errorsByType: [],
    duration: undefined,
    firstToken: undefined,
  });
});

test("percentiles are by nearest rank, of the latest 500; all are counted", () => {
  const recent = new RecentCalls();
  for (let nanos = 1n; nanos <= 600n; nanos += 1n) recent.ended({ ...OK, durationNanos: nanos }, 1000);
  const { count, duration } = recent.totalsAt(1000);
  expect(count).toBe(600);
  expect(duration).toEqual({
    count: 500n,
    p50Nanos: 350n,
    p90Nanos: 550n,
    p95Nanos: 575n,
    p99Nanos: 595n,
    maxNanos: 600n,
  });
});

test("errors are by type, the most frequent first", () => {
  const recent = new RecentCalls();
  const failed = (errorType: ErrorType) => recent.ended({ ...OK, errorType }, 0);
  failed(ErrorType.ERROR_TYPE_CANCELLED);
  for (let times = 0; times < 3; times += 1) failed(ErrorType.ERROR_TYPE_PROVIDER_TIMEOUT);
  recent.ended(OK, 0);
  expect(recent.totalsAt(0)).toMatchObject({
    count: 5,
    errors: 4,
    errorsByType: [
      [ErrorType.ERROR_TYPE_PROVIDER_TIMEOUT, 3],
      [ErrorType.ERROR_TYPE_CANCELLED, 1],
    ],
  });
});

test("what is within the window, but for its last tenth, is counted, and nothing beyond it is, at any times", () => {
  const steps = fc.array(fc.integer({ min: 0, max: 2 * WINDOW_MS }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(steps, (gaps) => {
      const recent = new RecentCalls();
      const times: number[] = [];
      for (const gap of gaps) {
        const nowMs = (times.at(-1) ?? 0) + gap;
        times.push(nowMs);
        recent.ended(OK, nowMs);
        const within = (ms: number) => times.filter((time) => time > nowMs - ms).length;
        const { count, duration } = recent.totalsAt(nowMs);
        expect(count).toBeGreaterThanOrEqual(within(0.9 * WINDOW_MS));
        expect(count).toBeLessThanOrEqual(within(WINDOW_MS));
        expect(duration?.count).toBe(BigInt(within(WINDOW_MS)));
      }
    }),
  );
});
