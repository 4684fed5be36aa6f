/** What must be nothing, whatever happens. */
export const WRONGS = {
  unaccounted: "calls whose callers had as much as the beginning of an answer, and that are neither stored nor shed",
  doubled: "calls with two full traces or two mirrors, agents' spans that are there twice",
  half: "full traces without the mirror that is due, mirrors without their full trace, twins that differ",
  foreign: "traces, mirrors, payloads and answers that are nobody's, or another's",
  unended: "traces of calls that have not ended",
  leaked: "mirrors with payload",
  lost: "agents' spans that were acknowledged and are not there",
  shed: "records counted as shed that are not missing, or were given up though the outbox had room",
} as const;
export type Wrong = keyof typeof WRONGS;

const EXAMPLES_MAX = 20;

/** What was found wrong. */
export class Findings {
  readonly counts: Record<Wrong, number> = {
    unaccounted: 0,
    doubled: 0,
    half: 0,
    foreign: 0,
    unended: 0,
    leaked: 0,
    lost: 0,
    shed: 0,
  };
  /** A line for each, as far as there are not too many. */
  readonly examples: string[] = [];

  add(wrong: Wrong, what: string, count = 1): void {
    this.counts[wrong] += count;
    if (count > 0 && this.examples.length < EXAMPLES_MAX) this.examples.push(`${wrong}: ${what}`);
  }
}
