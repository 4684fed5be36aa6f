import type { Logger } from "#lib/logger.ts";
import type { Failure, Tally } from "./deliver.ts";

/** So many requests must fail one after the other before it is told. */
const FAILURES_TOLD = 3;
/** So long spans were refused is told after the last of them, in milliseconds. */
const REFUSAL_TOLD_MS = 60_000;

/**
 * How it stands with a destination. The log gets a line when that changes, however long it lasts: so a destination that
 * is down for a day is two lines.
 */
export class Standing {
  readonly #destination: string;
  readonly #log: Logger;
  #failures = 0;
  #failing: string | undefined;
  #refusal: { readonly reason: string; readonly atMs: number } | undefined;
  #isFull = false;

  constructor(destination: string, log: Logger) {
    this.#destination = destination;
    this.#log = log;
  }

  /** How many requests have failed one after the other. */
  get failures(): number {
    return this.#failures;
  }

  /** What is wrong, in words. Undefined: nothing. */
  trouble(nowMs: number): string | undefined {
    const refusal = this.#refusal !== undefined && nowMs - this.#refusal.atMs < REFUSAL_TOLD_MS;
    const what = this.#failing ?? (refusal ? this.#refusal?.reason : undefined);
    const full = this.#isFull ? "its queue is full, and the oldest of it is dropped" : undefined;
    const told = [what, full].filter((text) => text !== undefined).join("; ");
    return told === "" ? undefined : `forwarding to ${this.#destination}: ${told}`;
  }

  failed({ reason }: Pick<Failure, "reason">): void {
    this.#failures += 1;
    if (this.#failures < FAILURES_TOLD) return;
    if (this.#failing === undefined) this.#tell("forwarding fails: traces wait", { reason });
    this.#failing = reason;
  }

  delivered({ rejected, refused, refusal }: Tally, nowMs: number): void {
    this.#failures = 0;
    if (this.#failing !== undefined) this.#log.info({ destination: this.#destination }, "forwarding works again");
    this.#failing = undefined;
    const spans = rejected + refused;
    if (spans === 0) return;
    const reason = `spans are refused (${refusal ?? "partial success"})`;
    const isNew = this.#refusal === undefined || nowMs - this.#refusal.atMs >= REFUSAL_TOLD_MS;
    if (isNew)
      this.#tell("spans are refused, and not sent again: see twinspan_forward_dropped_spans_total", { spans, reason });
    this.#refusal = { reason, atMs: nowMs };
  }

  /** Says whether its queue had to be cut. */
  trimmed(items: number): void {
    if (items > 0 && !this.#isFull) this.#tell("its queue is full (queueMax): the oldest of it is dropped", { items });
    this.#isFull = items > 0;
  }

  #tell(what: string, facts: Readonly<Record<string, string | number>>): void {
    this.#log.warn({ destination: this.#destination, ...facts }, what);
  }
}
