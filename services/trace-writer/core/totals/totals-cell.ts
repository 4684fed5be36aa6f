import { sumOfUsages, USAGE_FIELDS } from "#lib/spans/usage.ts";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { LatencySketch } from "./latency-sketch.ts";

/** One call, attempt or trace. */
export interface TotalsSample {
  readonly startNs: bigint;
  /** Empty: it has none. */
  readonly group: string;
  readonly failed: boolean;
  readonly usage: Usage | undefined;
  readonly cost: Cost | undefined;
  readonly latencyNs: bigint;
  /** Undefined: it was no stream, or had no token. */
  readonly firstTokenNs: bigint | undefined;
}

/** What a cell has counted. */
export type CountedCell = Pick<TotalsCell, "requests" | "errors" | "usage" | "cost" | "latency" | "firstToken">;

/** What a cell takes beside its sketches. */
const CELL_BYTES = 1_000;

/** What several came to. It depends neither on their order nor on how they were spread over cells. */
export class TotalsCell {
  requests = 0;
  errors = 0;
  usage: Usage | undefined;
  cost: Cost | undefined;
  readonly latency: LatencySketch;
  readonly firstToken: LatencySketch;

  constructor(latency = new LatencySketch(), firstToken = new LatencySketch()) {
    this.latency = latency;
    this.firstToken = firstToken;
  }

  /** How many bytes it takes in memory, about. */
  get bytes(): number {
    return CELL_BYTES + this.latency.bytes + this.firstToken.bytes;
  }

  /** What was read from a cell before, which is this one's from then on. */
  static of({ latency, firstToken, ...counted }: CountedCell): TotalsCell {
    return Object.assign(new TotalsCell(latency, firstToken), counted);
  }

  add({ failed, usage, cost, latencyNs, firstTokenNs }: Omit<TotalsSample, "group" | "startNs">): void {
    this.requests += 1;
    if (failed) this.errors += 1;
    // What is said of one call is completed: its total may follow from the rest.
    this.#sum(sumOfUsages([usage]), cost);
    this.latency.add(latencyNs);
    if (firstTokenNs !== undefined) this.firstToken.add(firstTokenNs);
  }

  /** Adds what another has, which stays as it is. */
  merge(other: TotalsCell): void {
    this.requests += other.requests;
    this.errors += other.errors;
    this.#sum(other.usage, other.cost);
    this.latency.merge(other.latency);
    this.firstToken.merge(other.firstToken);
  }

  /** Field by field. Of what it was computed with there is no sum: months of prices would be a long one. */
  #sum(usage: Usage | undefined, cost: Cost | undefined): void {
    if (usage !== undefined) {
      this.usage ??= {};
      for (const field of USAGE_FIELDS) {
        const more = usage[field];
        if (more !== undefined) this.usage[field] = (this.usage[field] ?? 0n) + more;
      }
      if (usage.estimated === true) this.usage.estimated = true;
    }
    if (cost !== undefined) {
      this.cost ??= { inputNanoUsd: 0n, outputNanoUsd: 0n, totalNanoUsd: 0n };
      this.cost.inputNanoUsd += cost.inputNanoUsd;
      this.cost.outputNanoUsd += cost.outputNanoUsd;
      this.cost.totalNanoUsd += cost.totalNanoUsd;
    }
  }
}
