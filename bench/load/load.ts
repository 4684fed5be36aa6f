import type { AnswerKind } from "../chains/canned-answers.ts";

/** A round of load. It is sent to the load generator as a message, and so is what it came to. */
export interface Load {
  /** Where to, on this machine. */
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** How many connections there are. Each has one request under way at the most. */
  readonly connections: number;
  /** Over how long the first requests of a closed loop are spread, evenly, in milliseconds. */
  readonly spreadMs: number;
  readonly seconds: number;
  /**
   * How many requests fall due in a second, whatever became of those before: an open loop. Undefined: each connection
   * asks again as soon as it has its answer, a closed loop.
   */
  readonly perSecond: number | undefined;
  /** What is answered. Streams must end with `[DONE]`; of those that are paced the gaps are measured. */
  readonly answer: AnswerKind;
  /** Whether each request carries a trace context of its own, sampled. */
  readonly withContext: boolean;
}

/** What a round of load came to. */
export interface LoadResult {
  /** Requests that were answered whole with 200. */
  readonly calls: number;
  /** Requests that were not, by what came in place of that. */
  readonly errors: Readonly<Record<string, number>>;
  /** From the first request to the last answer. */
  readonly seconds: number;
  /** From when a request was due to the last byte of its answer. */
  readonly latencyMs: Percentiles;
  /** From when a request was due to the first byte of its answer's body. */
  readonly firstByteMs: Percentiles;
  /** Between two events of a paced stream; 0 for events that came together. */
  readonly gapMs: Percentiles;
  /** The load generator's own processor time, in seconds. */
  readonly cpuSeconds: number;
}

/** Of a time, in milliseconds. NaN: nothing was measured. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}
