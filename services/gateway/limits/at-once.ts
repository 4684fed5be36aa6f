import type { LimitRule, LimitSubject } from "../core/limits/limit-claims.ts";

/** Counts the calls that are under way at once, by rule and subject. */
export class AtOnce {
  readonly #calls = new Map<string, number>();

  /** Lets a call in under all rules, until it is disposed of. A rule: that one has no room. */
  enter(rules: readonly LimitRule[], subject: LimitSubject): Disposable | LimitRule {
    const limited = rules.filter(({ callsMax }) => callsMax !== undefined);
    const keyOf = ({ name, per }: LimitRule) => `${name}:${per}:${subject[per]}`;
    const callsOf = (rule: LimitRule) => this.#calls.get(keyOf(rule)) ?? 0;
    const full = limited.find((rule) => callsOf(rule) >= (rule.callsMax ?? 0));
    if (full !== undefined) return full;
    for (const rule of limited) this.#calls.set(keyOf(rule), callsOf(rule) + 1);
    let isIn = true;
    return {
      [Symbol.dispose]: () => {
        if (!isIn) return;
        isIn = false;
        for (const rule of limited) {
          const left = callsOf(rule) - 1;
          if (left > 0) this.#calls.set(keyOf(rule), left);
          else this.#calls.delete(keyOf(rule));
        }
      },
    };
  }
}
