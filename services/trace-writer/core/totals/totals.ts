import { ServiceError } from "#lib/service-error.ts";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";
import type { LatencySummary } from "./latency-sketch.ts";
import { TotalsCell, type TotalsSample } from "./totals-cell.ts";
import { NANO_USD_MAX } from "./totals-limits.ts";

/** What is asked for: calls within a time, in buckets of time, group by group. */
export interface TotalsRequest {
  /** The experiments, by id. */
  readonly experimentIds: readonly bigint[];
  /** Calls and traces that began at `fromNs` or later, and before `toNs`. */
  readonly fromNs: bigint;
  readonly toNs: bigint;
  /** How long a bucket is; the first begins at `fromNs`. */
  readonly bucketNs: bigint;
  /** `billed`: the calls of full traces, or where grouped by model or provider their attempts. `usage`: agents' traces. */
  readonly of: "billed" | "usage";
  /** Undefined: all together. Agents' traces can be grouped by experiment only. */
  readonly groupBy: "endpoint" | "model" | "provider" | "experiment" | "caller" | undefined;
  /** How many groups are told apart: those with the most requests, over all buckets. The rest is `other`. */
  readonly groupsMax: number;
}

/** What a group came to in a bucket of time. Those where nothing happened are left out. */
export interface TotalsPoint {
  readonly startNs: bigint;
  /** Empty: those that have none, or all together. */
  readonly group: string;
  /** Whether these are the groups that are not told apart. */
  readonly isOther: boolean;
  readonly requests: number;
  readonly errors: number;
  readonly usage: Usage | undefined;
  readonly cost: Cost | undefined;
  readonly latency: LatencySummary | undefined;
  readonly firstToken: LatencySummary | undefined;
}

const MIB = 1024 * 1024;
/** So many groups times buckets are held at the most. */
export const CELLS_MAX = 50_000;
/** And so many bytes of them: times of a nanosecond beside those of years take a class for each 2 % between. */
const BYTES_MAX = 512 * MIB;

/** Adds up, in any order. Throws an `invalid_request` where it would have to hold too much. */
export class Totals {
  readonly #request: TotalsRequest;
  readonly #groups = new Map<string, Map<bigint, TotalsCell>>();
  readonly #bytesMax: number;
  #cells = 0;
  #bytes = 0;

  /** `bytesMax` is how much memory what is held may take, about. */
  constructor(request: TotalsRequest, bytesMax = BYTES_MAX) {
    this.#request = request;
    this.#bytesMax = bytesMax;
  }

  add(sample: TotalsSample): void {
    this.#change(this.#cellOf(sample.startNs, sample.group), (cell) => cell.add(sample));
  }

  /** Adds what was added up before, of things that began in the bucket of `startNs`. */
  addCell(startNs: bigint, group: string, cell: TotalsCell): void {
    this.#change(this.#cellOf(startNs, group), (held) => held.merge(cell));
  }

  /** By time; within a bucket by group, and what is left over last. */
  points(): readonly TotalsPoint[] {
    const ranked = [...this.#groups].toSorted(
      ([a, as], [b, bs]) => requestsOf(bs) - requestsOf(as) || (a < b ? -1 : 1),
    );
    const told = ranked.slice(0, this.#request.groupsMax);
    const others = new Map<bigint, TotalsCell>();
    for (const [, buckets] of ranked.slice(this.#request.groupsMax)) {
      for (const [bucket, cell] of buckets) {
        const other = others.get(bucket) ?? new TotalsCell();
        others.set(bucket, other);
        other.merge(cell);
      }
    }
    const points = [
      ...told.flatMap(([group, buckets]) => this.#pointsOf(buckets, group, false)),
      ...this.#pointsOf(others, "", true),
    ];
    return points.toSorted(comparePoints);
  }

  #cellOf(startNs: bigint, group: string): TotalsCell {
    const { fromNs, bucketNs } = this.#request;
    const bucket = (startNs - fromNs) / bucketNs;
    const buckets = this.#groups.get(group) ?? new Map<bigint, TotalsCell>();
    this.#groups.set(group, buckets);
    let cell = buckets.get(bucket);
    if (cell === undefined) {
      this.#cells += 1;
      if (this.#cells > CELLS_MAX) throw tooMuch("groups and buckets", CELLS_MAX);
      cell = new TotalsCell();
      this.#bytes += cell.bytes;
      buckets.set(bucket, cell);
    }
    return cell;
  }

  #change(cell: TotalsCell, change: (cell: TotalsCell) => void): void {
    const before = cell.bytes;
    change(cell);
    this.#bytes += cell.bytes - before;
    if (this.#bytes > this.#bytesMax) throw tooMuch("MiB of groups and buckets", this.#bytesMax / MIB);
  }

  #pointsOf(buckets: ReadonlyMap<bigint, TotalsCell>, group: string, isOther: boolean): readonly TotalsPoint[] {
    const { fromNs, bucketNs } = this.#request;
    return Array.from(buckets, ([bucket, cell]) => ({
      startNs: fromNs + bucket * bucketNs,
      group,
      isOther,
      requests: cell.requests,
      errors: cell.errors,
      usage: cell.usage,
      cost: cell.cost && withinRange(cell.cost),
      latency: cell.latency.summary(),
      firstToken: cell.firstToken.summary(),
    }));
  }
}

/** What is refused, since it would hold up other readers. */
export function tooMuch(what: string, max: number): ServiceError {
  return new ServiceError(
    "invalid_request",
    `There are more than ${max} ${what} to add up. Ask for a shorter time, longer buckets, or fewer experiments.`,
    { field: "start_time_unix_nano" },
  );
}

function requestsOf(buckets: ReadonlyMap<bigint, TotalsCell>): number {
  return buckets.values().reduce((sum, { requests }) => sum + requests, 0);
}

function withinRange(cost: Cost): Cost {
  const cut = (nanoUsd: bigint) => (nanoUsd < SUM_MAX ? nanoUsd : SUM_MAX);
  return {
    ...cost,
    inputNanoUsd: cut(cost.inputNanoUsd),
    outputNanoUsd: cut(cost.outputNanoUsd),
    totalNanoUsd: cut(cost.totalNanoUsd),
  };
}

/** What a message can say: nine billion dollars. */
const SUM_MAX = NANO_USD_MAX * 9_000n;

function comparePoints(a: TotalsPoint, b: TotalsPoint): number {
  if (a.startNs !== b.startNs) return a.startNs < b.startNs ? -1 : 1;
  if (a.isOther !== b.isOther) return a.isOther ? 1 : -1;
  return a.group < b.group ? -1 : a.group > b.group ? 1 : 0;
}
