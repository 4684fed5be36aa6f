import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configSchema } from "#lib/config/schema.ts";
import { createLogger } from "#lib/logger.ts";
import { Questions } from "#lib/workers/questions.ts";
import type { Claim, LimitRule } from "../../../services/gateway/core/limits/limit-claims.ts";
import type { Counters } from "../../../services/gateway/limits/counters.ts";
import { MemoryCounters } from "../../../services/gateway/limits/memory-counters.ts";
import { answerCounters, PrimaryCounters } from "../../../services/gateway/limits/primary-counters.ts";
import { startRedisCounters } from "../../../services/gateway/limits/redis-counters.ts";
import { type RedisServer, startRedisServer } from "../../../tools/databases/redis-server.ts";
import { until } from "../../../tools/until.ts";

const log = createLogger("limits", "silent");
let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedisServer();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** Counters over the Redis of this file, once they are connected. */
async function redisCounters(reservedMs = 60_000): Promise<Counters> {
  const { redis: options } = configSchema.parse({ limits: { redis: { url: redis.url, timeoutMs: 10_000 } } }).limits;
  if (options === undefined) throw new Error("no redis in the configuration");
  const counters = startRedisCounters(options, reservedMs, log);
  await until("Redis is connected", () => counters.trouble === undefined);
  return counters;
}

const RULE: LimitRule = { name: "rule", per: "key", every: "minute" };
let made = 0;
const newCounter = () => `test:${made++}`;

function claimOf(counter: string, amount: number, max: number, lifeMs = 60_000): Claim {
  return { rule: RULE, unit: "tokens", counter, amount, max, endMs: Date.now() + lifeMs };
}

/** Counters of a worker of the primary that is asked by all of this file. */
async function primaryCounters(): Promise<Counters> {
  const worker: Questions = new Questions((message) => setImmediate(() => primary.hear(message)), {});
  const primary: Questions = new Questions((message) => setImmediate(() => worker.hear(message)), PRIMARY);
  return new PrimaryCounters((what, body) => worker.ask(what, body, 10_000));
}

const PRIMARY = answerCounters(Date.now);
const STORES = [
  ["memory", async () => new MemoryCounters(Date.now)],
  ["a primary", primaryCounters],
  ["Redis", redisCounters],
] as const;

describe.each(STORES)("counters in %s", (_name, start) => {
  test("whoever asks at once, no window is promised more than it has, and what was used is settled to the unit", async () => {
    await using one = await start();
    // Two gateways share a Redis, two workers a primary; what is in memory is one gateway's alone.
    await using other = one instanceof MemoryCounters ? one : await start();
    const calls = fc.array(fc.record({ amount: fc.nat(40), actual: fc.nat(80), both: fc.boolean() }), {
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(calls, fc.integer({ min: 1, max: 200 }), async (asked, max) => {
        const [a, b] = [newCounter(), newCounter()];
        const taken = await Promise.all(
          asked.map(async ({ amount, actual, both }, index) => {
            const claims = [claimOf(a, amount, max), ...(both ? [claimOf(b, amount, 100)] : [])];
            const { refused } = await (index % 2 === 0 ? one : other).take(`call-${index}`, claims);
            return { claims: refused === undefined ? claims : [], actual, call: `call-${index}` };
          }),
        );
        const sumOf = (counter: string, of: (claim: Claim, actual: number) => number) => {
          const all = taken.flatMap(({ claims, actual }) => claims.map((claim) => ({ claim, actual })));
          return all.reduce((sum, { claim, actual }) => sum + (claim.counter === counter ? of(claim, actual) : 0), 0);
        };
        expect(sumOf(a, ({ amount }) => amount)).toBeLessThanOrEqual(max);
        expect(sumOf(b, ({ amount }) => amount)).toBeLessThanOrEqual(100);
        await Promise.all(
          taken.map(({ call, claims, actual }) =>
            one.settle(
              call,
              claims.map((claim) => ({ claim, actual })),
            ),
          ),
        );
        const { used } = await one.take("reader", [
          claimOf(a, 0, Number.MAX_SAFE_INTEGER),
          claimOf(b, 0, Number.MAX_SAFE_INTEGER),
        ]);
        expect(used).toEqual([sumOf(a, (_, actual) => actual), sumOf(b, (_, actual) => actual)]);
      }),
      { numRuns: 40 },
    );
  });

  test("of several windows none is taken when one is full, which is named", async () => {
    await using counters = await start();
    const [roomy, full] = [newCounter(), newCounter()];
    expect((await counters.take("1", [claimOf(full, 10, 10)])).refused).toBeUndefined();
    const second = claimOf(full, 0, 10);
    expect(await counters.take("2", [claimOf(roomy, 5, 10), second])).toEqual({ refused: second, used: [0, 10] });
  });

  test("what is settled after its window has ended changes nothing", async () => {
    await using counters = await start();
    const claim = claimOf(newCounter(), 5, 10);
    await counters.settle("late", [{ claim, actual: 7 }]);
    expect((await counters.take("next", [claim])).used).toEqual([5]);
  });
});

test("what a gateway that died had claimed is free again after a while, and is counted if its call ends after all", async () => {
  await using counters = await redisCounters(50);
  const claim = claimOf(newCounter(), 10, 10);
  await counters.take("of the dead", [claim]);
  const next = claimOf(claim.counter, 4, 10);
  expect((await counters.take("too early", [next])).refused).toBe(next);
  await until("it is free", async () => (await counters.take("next", [next])).refused === undefined);
  await counters.settle("of the dead", [{ claim, actual: 3 }]);
  expect((await counters.take("reader", [claimOf(claim.counter, 0, 100)])).used).toEqual([7]);
});

test("a Redis that hangs costs one call its patience, and the next ones nothing; it is used again when it answers", async () => {
  const { redis: options } = configSchema.parse({ limits: { redis: { url: redis.url, timeoutMs: 100 } } }).limits;
  if (options === undefined) throw new Error("no redis in the configuration");
  await using counters = startRedisCounters(options, 60_000, log);
  await until("Redis is connected", () => counters.trouble === undefined);
  const claim = claimOf(newCounter(), 1, 1000);
  redis.signal("SIGSTOP");
  try {
    await expect(counters.take("1", [claim])).rejects.toThrow("no answer within 100 ms");
    await expect(counters.take("2", [claim])).rejects.toThrow("Redis is away");
    expect(counters.trouble).toContain("Redis is away");
  } finally {
    redis.signal("SIGCONT");
  }
  await until("it counts again", () =>
    counters.take("3", [claim]).then(
      () => true,
      () => delay(10, false),
    ),
  );
  expect(counters.trouble).toBeUndefined();
});
