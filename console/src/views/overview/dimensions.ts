import { TotalsGroup } from "#proto/twinspan/trace/v1/totals.ts";

/** What calls are told apart by. */
export type Dimension = "endpoint" | "model" | "provider" | "caller";

/** Each with what it is called, in the order they are offered. */
export const DIMENSIONS: readonly (readonly [dimension: Dimension, words: string])[] = [
  ["endpoint", "Endpoint"],
  ["model", "Model"],
  ["provider", "Provider"],
  ["caller", "Caller"],
];

/** The same, as the server has it. */
export const TOTALS_GROUPS: Readonly<Record<Dimension, TotalsGroup>> = {
  endpoint: TotalsGroup.TOTALS_GROUP_ENDPOINT,
  model: TotalsGroup.TOTALS_GROUP_MODEL,
  provider: TotalsGroup.TOTALS_GROUP_PROVIDER,
  caller: TotalsGroup.TOTALS_GROUP_CALLER,
};

/** What is counted of each: calls, or of models and providers the attempts at them. */
export function countedOf(dimension: Dimension): "calls" | "attempts" {
  return dimension === "model" || dimension === "provider" ? "attempts" : "calls";
}

/** The filter for the traces of one of them; `failed`: for those that failed there. Empty: a filter cannot say it. */
export function filterOf(dimension: Dimension, group: string, failed = false): string {
  if (group === "") return failed ? "status = 'ERROR'" : "";
  const chosen = `${dimension} = '${group.replaceAll("'", "''")}'`;
  if (!failed) return chosen;
  // An attempt may fail while its call goes well: then only its span says so.
  return countedOf(dimension) === "calls" ? `${chosen} AND status = 'ERROR'` : `${chosen} AND span.status = 'ERROR'`;
}
