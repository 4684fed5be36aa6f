import type { Cores } from "./cores.ts";
import type { EventQueue } from "./event-queue.ts";

/** Something for a process to do. */
export interface Work {
  /** Processor time of its own, in milliseconds. */
  readonly ms: number;
  /** Which other process it is for. What is for the same one in a turn goes in one message. */
  readonly peer: number;
  /** Whether its turn is in its time already. */
  readonly hasTurn?: boolean;
  readonly done: () => void;
}

/** What a turn takes beside its work, in milliseconds of processor time. */
export interface TurnCosts {
  /** With one message, whatever is in it. */
  readonly turnMs: number;
  /** Each further message. */
  readonly messageMs: number;
}

/**
 * A process with one thread: whatever has come when a turn begins is done in it, and is done when it ends. So the more
 * there is to do, the less each piece of it takes.
 */
export class EventLoop {
  /** How long it was at work, how many turns it took, and how many pieces of work it did. */
  busyMs = 0;
  turns = 0;
  works = 0;
  readonly #queue: EventQueue;
  readonly #cores: Cores;
  readonly #costs: TurnCosts;
  #waiting: Work[] = [];
  #isBusy = false;

  constructor(queue: EventQueue, cores: Cores, costs: TurnCosts) {
    this.#queue = queue;
    this.#cores = cores;
    this.#costs = costs;
  }

  /** How much waits for a turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  take(work: Work): void {
    this.#waiting.push(work);
    if (!this.#isBusy) this.#wantTurn();
  }

  #wantTurn(): void {
    this.#isBusy = true;
    this.#cores.take(() => this.#begin());
  }

  #begin(): void {
    const works = this.#waiting;
    this.#waiting = [];
    const { turnMs, messageMs } = this.#costs;
    let ms = works.every(({ hasTurn }) => hasTurn === true) ? 0 : turnMs;
    for (const work of works) ms += work.ms;
    if (messageMs > 0 && works.length > 1) ms += (new Set(works.map(({ peer }) => peer)).size - 1) * messageMs;
    this.busyMs += ms;
    this.turns += 1;
    this.works += works.length;
    this.#queue.in(ms, () => {
      this.#cores.give();
      this.#isBusy = false;
      for (const { done } of works) done();
      if (this.#waiting.length > 0 && !this.#isBusy) this.#wantTurn();
    });
  }
}
