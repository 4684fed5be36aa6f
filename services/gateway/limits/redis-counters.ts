import { createClient } from "@redis/client";
import { z } from "zod";
import type { Config } from "#lib/config/schema.ts";
import type { Logger } from "#lib/logger.ts";
import type { Claim } from "../core/limits/limit-claims.ts";
import type { Counters, Settlement, Taken } from "./counters.ts";
import { SETTLE, TAKE } from "./redis-scripts.ts";

type RedisOptions = NonNullable<Config["limits"]["redis"]>;

/** Once it was away, it is not asked again for so long: no call waits in vain for what others waited for. */
const AWAY_MS = 1_000;
const RECONNECT_MS_MAX = 2_000;
/** A counter outlives its window by this: gateways' clocks differ. */
const BEYOND_WINDOW_MS = 5_000;

const used = z.tuple([z.number()], z.number());

/** Counters in Redis, for all gateways that are set to the same one. They connect by themselves, and again whenever they must. */
export function startRedisCounters(options: RedisOptions, reservedMs: number, log: Logger): Counters {
  const { url, username, password, prefix, timeoutMs } = options;
  const client = createClient({
    url,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    disableOfflineQueue: true,
    socket: {
      reconnectStrategy: (tries) => Math.min(50 * 2 ** tries, RECONNECT_MS_MAX),
      connectTimeout: RECONNECT_MS_MAX,
    },
  });
  let awayUntilMs = 0;
  let trouble: string | undefined = "Redis is not connected yet";
  const tell = (now: string | undefined) => {
    if (now === trouble) return;
    trouble = now;
    if (now === undefined) log.info("limits are shared over Redis");
    else log.warn({ trouble: now }, "limits are not shared");
  };
  client.on("ready", () => tell(undefined));
  client.on("error", (error: Error) => tell(`Redis is away: ${error.message}`));
  client.connect().catch((error: unknown) => tell(`Redis is away: ${String(error)}`));

  /** Braces keep all counters on one node of a cluster: a script sees no other. */
  const keyOf = ({ counter }: Claim) => `${prefix}:{limits}:${counter}`;

  async function run(script: string, claims: readonly Claim[], args: readonly (string | number)[]): Promise<unknown> {
    if (performance.now() < awayUntilMs) throw new Error("Redis is away");
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    try {
      const answer = client.eval(script, { keys: claims.map(keyOf), arguments: args.map(String) });
      const answered = await Promise.race([answer, late.promise]);
      tell(undefined);
      return answered;
    } catch (error) {
      awayUntilMs = performance.now() + AWAY_MS;
      tell(`Redis is away: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    get trouble() {
      return trouble;
    },
    async take(call: string, claims: readonly Claim[]): Promise<Taken> {
      const args = claims.flatMap(({ amount, max, endMs, unit }) => {
        const lifeMs = Math.max(1, endMs - Date.now()) + BEYOND_WINDOW_MS;
        return [amount, max, lifeMs, unit === "requests" ? 0 : 1];
      });
      const [refused, ...rest] = used.parse(await run(TAKE, claims, [call, reservedMs, ...args]));
      return { refused: refused === 0 ? undefined : claims[refused - 1], used: rest };
    },
    async settle(call: string, settlements: readonly Settlement[]): Promise<void> {
      const claims = settlements.map(({ claim }) => claim);
      await run(SETTLE, claims, [call, ...settlements.flatMap(({ claim, actual }) => [claim.amount, actual])]);
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
    },
  };
}
