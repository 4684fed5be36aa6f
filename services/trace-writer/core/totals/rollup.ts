import { CELLS_MAX, type TotalsRequest, tooMuch } from "./totals.ts";
import { TotalsCell, type TotalsSample } from "./totals-cell.ts";
import { type BilledTrace, billedSamplesOf } from "./totals-samples.ts";

/** What is added up together: calls, told apart by endpoint and caller; attempts, by model and provider; agents' traces. */
export type RollupPart = "calls" | "attempts" | "traces";

/** The groups of one thing: an endpoint and a caller, or a model and a provider. Empty: it has none. */
export type RollupGroups = readonly [first: string, second: string];

/** One call, attempt or trace, and its groups. */
export interface RolledSample {
  readonly groups: RollupGroups;
  readonly sample: Omit<TotalsSample, "group" | "startNs">;
}

/** What it takes that has nothing in it. */
const ROLLUP_BYTES = 500;

/** What calls, attempts or agents' traces came to, by groups. It depends neither on order nor on how they were spread. */
export class Rollup {
  readonly #cells = new Map<string, { readonly groups: RollupGroups; readonly cell: TotalsCell }>();

  /** How many groups are told apart. */
  get size(): number {
    return this.#cells.size;
  }

  /** How many bytes it takes in memory, about. */
  get bytes(): number {
    return this.#cells.values().reduce((sum, { cell }) => sum + cell.bytes, ROLLUP_BYTES);
  }

  cells(): Iterable<{ readonly groups: RollupGroups; readonly cell: TotalsCell }> {
    return this.#cells.values();
  }

  /** Throws an `invalid_request` where more than `CELLS_MAX` groups are to be told apart. */
  add({ groups, sample }: RolledSample): void {
    this.#cellOf(groups).add(sample);
  }

  /** Adds what another has, which stays as it is. Throws likewise. */
  merge(other: Rollup): void {
    for (const { groups, cell } of other.cells()) this.addCell(groups, cell);
  }

  addCell(groups: RollupGroups, cell: TotalsCell): void {
    this.#cellOf(groups).merge(cell);
  }

  #cellOf(groups: RollupGroups): TotalsCell {
    const key = groups.join("\n");
    let found = this.#cells.get(key);
    if (found === undefined) {
      if (this.#cells.size >= CELLS_MAX) throw tooMuch("groups and buckets", CELLS_MAX);
      found = { groups, cell: new TotalsCell() };
      this.#cells.set(key, found);
    }
    return found.cell;
  }
}

/** What a question is answered from. */
export function partOf({ of, groupBy }: Pick<TotalsRequest, "of" | "groupBy">): RollupPart {
  if (of === "usage") return "traces";
  return groupBy === "model" || groupBy === "provider" ? "attempts" : "calls";
}

/** The group that a question asks for, of an experiment of that name. */
export function groupOf([first, second]: RollupGroups, groupBy: TotalsRequest["groupBy"], experiment: string): string {
  switch (groupBy) {
    case "endpoint":
    case "model":
      return first;
    case "caller":
    case "provider":
      return second;
    case "experiment":
      return experiment;
    case undefined:
      return "";
  }
}

/** What a full trace adds: its one call, or its attempts. */
export function rolledSamplesOf(trace: BilledTrace, part: "calls" | "attempts"): readonly RolledSample[] {
  if (part === "calls") {
    return billedSamplesOf(trace, "endpoint").map((sample) => ({ groups: [sample.group, trace.caller], sample }));
  }
  const byProvider = billedSamplesOf(trace, "provider");
  return billedSamplesOf(trace, "model").map((sample, place) => ({
    groups: [sample.group, byProvider[place]?.group ?? ""],
    sample,
  }));
}
