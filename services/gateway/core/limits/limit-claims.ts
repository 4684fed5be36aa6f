import { type Every, limitWindowAt } from "./limit-window.ts";

/** A rule of the configuration (`limits.rules`). */
export interface LimitRule {
  readonly name: string;
  readonly per: "endpoint" | "key" | "workspace";
  readonly endpoints?: readonly string[] | undefined;
  readonly every: Every;
  readonly requestsMax?: number | undefined;
  readonly tokensMax?: number | undefined;
  readonly usdMax?: number | undefined;
  readonly callsMax?: number | undefined;
}

/** What a call is counted under. */
export interface LimitSubject {
  readonly endpoint: string;
  readonly key: string;
  readonly workspace: string;
}

/** What is counted in a window. Money is in billionths of a US dollar, so that sums are exact. */
export type LimitUnit = "requests" | "tokens" | "nanoUsd";

/** What a call uses, or may use. */
export type Used = Readonly<Record<Exclude<LimitUnit, "requests">, number>>;

/** A share of a window that a call asks for. */
export interface Claim {
  readonly rule: LimitRule;
  readonly unit: LimitUnit;
  /** Which counter it is of: of that rule, subject, unit and window alone. */
  readonly counter: string;
  readonly amount: number;
  readonly max: number;
  /** When the window ends, in milliseconds since the Unix epoch. */
  readonly endMs: number;
}

/** Whether a rule is for a call. */
export function isUnder({ endpoints }: LimitRule, { endpoint }: LimitSubject): boolean {
  return endpoints === undefined || endpoints.includes(endpoint);
}

/**
 * What a call claims of each window it falls under. `estimate`: what it may use; one that is more than a whole window
 * is taken for all of it, so that a large call gets through when nobody else has used any.
 */
export function claimsOf(
  rules: readonly LimitRule[],
  subject: LimitSubject,
  estimate: Used,
  nowMs: number,
): readonly Claim[] {
  return rules.flatMap((rule) => {
    const { startMs, endMs } = limitWindowAt(rule.every, nowMs);
    return unitsOf(rule).map(({ unit, max }) => ({
      rule,
      unit,
      counter: [rule.name, rule.per, subject[rule.per], rule.every, startMs, unit].join(":"),
      amount: unit === "requests" ? 1 : Math.min(estimate[unit], max),
      max,
      endMs,
    }));
  });
}

function unitsOf({ requestsMax, tokensMax, usdMax }: LimitRule) {
  const units: { unit: LimitUnit; max: number }[] = [];
  if (requestsMax !== undefined) units.push({ unit: "requests", max: requestsMax });
  if (tokensMax !== undefined) units.push({ unit: "tokens", max: tokensMax });
  if (usdMax !== undefined) units.push({ unit: "nanoUsd", max: Math.round(usdMax * 1e9) });
  return units;
}
