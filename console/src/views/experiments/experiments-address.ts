import type { AddressCodec } from "../../address/view-state.ts";

/** What the list of experiments shows. */
export interface ExperimentsState {
  /** What their names must have within, in any case. Empty: all. */
  readonly search: string;
  readonly order: ExperimentsOrder;
}

/** What they are ordered by. */
export type ExperimentsOrder = "active" | "name" | "size";

/** The orders, and what they are called. */
export const EXPERIMENTS_ORDERS: readonly (readonly [order: ExperimentsOrder, words: string])[] = [
  ["active", "Last active"],
  ["name", "Name"],
  ["size", "Size"],
];

/** `/experiments?q=gateway&sort=size`; each may be absent. */
export const experimentsCodec: AddressCodec<ExperimentsState> = {
  read: (query) => ({
    search: query.get("q") ?? "",
    order: EXPERIMENTS_ORDERS.find(([order]) => order === query.get("sort"))?.[0] ?? "active",
  }),
  write({ search, order }) {
    const query = new URLSearchParams();
    if (search !== "") query.set("q", search);
    if (order !== "active") query.set("sort", order);
    return query;
  },
};
