import { z } from "zod";
import type { Answers } from "#lib/workers/questions.ts";
import type { WorkerLink } from "#lib/workers/worker-link.ts";
import type { Claim } from "../core/limits/limit-claims.ts";
import type { Counters, Settlement, Taken } from "./counters.ts";
import { type WindowClaim, WindowCounters } from "./window-counters.ts";

const TAKE = "limits.take";
const SETTLE = "limits.settle";

const claimSchema = z.object({ counter: z.string(), amount: z.number(), max: z.number(), endMs: z.number() });
const takeSchema = z.array(claimSchema);
const settleSchema = z.array(z.object({ claim: claimSchema, actual: z.number() }));
const takenSchema = z.object({ refused: z.number().optional(), used: z.array(z.number()) });

/** What a primary answers to the counters of its workers: it counts for all of them, in its memory. */
export function answerCounters(nowMs: () => number): Answers {
  const windows = new WindowCounters(nowMs);
  return {
    [TAKE]: (body) => windows.take(takeSchema.parse(body)),
    [SETTLE]: (body) => windows.settle(settleSchema.parse(body)),
  };
}

/** Counters that all workers of a gateway share: their primary's, which are gone with it. */
export class PrimaryCounters implements Counters {
  readonly trouble = undefined;
  readonly #ask: NonNullable<WorkerLink["askPrimary"]>;

  constructor(ask: NonNullable<WorkerLink["askPrimary"]>) {
    this.#ask = ask;
  }

  async take(_call: string, claims: readonly Claim[]): Promise<Taken> {
    const { refused, used } = takenSchema.parse(await this.#ask(TAKE, claims.map(windowClaimOf)));
    return { refused: refused === undefined ? undefined : claims[refused], used };
  }

  async settle(_call: string, settlements: readonly Settlement[]): Promise<void> {
    await this.#ask(
      SETTLE,
      settlements.map(({ claim, actual }) => ({ claim: windowClaimOf(claim), actual })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function windowClaimOf({ counter, amount, max, endMs }: Claim): WindowClaim {
  return { counter, amount, max, endMs };
}
