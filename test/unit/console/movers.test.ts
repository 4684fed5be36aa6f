import { expect, test } from "vitest";
import type { TotalsPoint } from "#proto/twinspan/trace/v1/totals.ts";
import { moversOf, type Totals } from "../../../console/src/views/overview/movers.ts";

interface Figures {
  readonly requests: number;
  readonly errors?: number;
  readonly usd?: number;
  readonly p95Ms?: number;
}

function point(group: string, { requests, errors = 0, usd = 0, p95Ms = 100 }: Figures): TotalsPoint {
  const nanos = BigInt(p95Ms * 1e6);
  return {
    startTimeUnixNano: 0n,
    group,
    other: false,
    requests: BigInt(requests),
    errors: BigInt(errors),
    usage: undefined,
    cost: { totalNanoUsd: BigInt(usd * 1e9), inputNanoUsd: 0n, outputNanoUsd: 0n },
    latency: {
      count: BigInt(requests),
      p50Nanos: nanos,
      p90Nanos: nanos,
      p95Nanos: nanos,
      p99Nanos: nanos,
      maxNanos: nanos,
    },
    timeToFirstToken: undefined,
  };
}

const NONE: Totals = { endpoint: [], model: [], provider: [], caller: [] };
const groups = (figures: Readonly<Record<string, Figures>>) =>
  Object.entries(figures).map(([group, each]) => point(group, each));

test("of a failure that is seen in several dimensions the provider is told, and first", () => {
  const steady = { web: { requests: 1000, errors: 4 } };
  const before: Totals = {
    endpoint: groups({ chat: { requests: 600, errors: 2 }, code: { requests: 400, errors: 2 } }),
    model: groups({ sonnet: { requests: 500, errors: 2 }, mini: { requests: 500, errors: 2 } }),
    provider: groups({ anthropic: { requests: 500, errors: 2 }, openai: { requests: 500, errors: 2 } }),
    caller: groups(steady),
  };
  const now: Totals = {
    endpoint: groups({ chat: { requests: 600, errors: 62 }, code: { requests: 400, errors: 162 } }),
    model: groups({ sonnet: { requests: 500, errors: 222 }, mini: { requests: 500, errors: 2 } }),
    provider: groups({ anthropic: { requests: 500, errors: 222 }, openai: { requests: 500, errors: 2 } }),
    caller: groups({ web: { requests: 1000, errors: 224 } }),
  };
  const [first, ...others] = moversOf(before, now, 4);
  expect(first).toMatchObject({
    dimension: "provider",
    group: "anthropic",
    metric: "errors",
    before: 0.004,
    now: 0.444,
  });
  expect(first?.excess).toBeCloseTo(220);
  expect(others.filter(({ dimension }) => dimension === "model" || dimension === "caller")).toEqual([]);
});

test("what may be chance is not told", () => {
  const before = { ...NONE, endpoint: groups({ chat: { requests: 20, errors: 1 }, code: { requests: 400, usd: 4 } }) };
  const now = { ...NONE, endpoint: groups({ chat: { requests: 24, errors: 3 }, code: { requests: 420, usd: 4.2 } }) };
  expect(moversOf(before, now, 4)).toEqual([]);
});

test("a slower model, a caller that is new and one that is gone are told, the larger first, and no more than asked for", () => {
  const before = { ...NONE, model: groups({ mini: { requests: 500 } }), caller: groups({ old: { requests: 90 } }) };
  const now = {
    ...NONE,
    model: groups({ mini: { requests: 510, p95Ms: 400 } }),
    caller: groups({ fresh: { requests: 300 } }),
  };
  const told = moversOf(before, now, 3).map(({ metric, group }) => `${metric} ${group}`);
  expect(told).toEqual(["latency mini", "requests fresh", "requests old"]);
  expect(moversOf(before, now, 1)).toHaveLength(1);
});

test("nothing before, nothing now: nothing changed", () => {
  expect(moversOf(NONE, NONE, 4)).toEqual([]);
  const same = { ...NONE, provider: groups({ openai: { requests: 1000, errors: 10, usd: 5 } }) };
  expect(moversOf(same, same, 4)).toEqual([]);
});
