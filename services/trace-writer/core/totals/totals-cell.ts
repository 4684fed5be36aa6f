import { sumOfCosts, sumOfUsages } from "#lib/spans/usage.ts";
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

  /** What was read from a cell before. */
  static of({ latency, firstToken, ...counted }: CountedCell): TotalsCell {
    return Object.assign(new TotalsCell(latency, firstToken), counted);
  }

  add({ failed, usage, cost, latencyNs, firstTokenNs }: Omit<TotalsSample, "group" | "startNs">): void {
    this.requests += 1;
    if (failed) this.errors += 1;
    this.#sum(usage, cost);
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

  /** Of what it was computed with there is no sum: months of prices would be a long one. */
  #sum(usage: Usage | undefined, cost: Cost | undefined): void {
    if (usage !== undefined) this.usage = sumOfUsages([this.usage, usage]);
    if (cost !== undefined) this.cost = sumOfCosts([this.cost, { ...cost, priceVersion: undefined }]);
  }
}
