import type { AddressCodec } from "../../address/view-state.ts";
import { addressOf } from "../../address/view-state.ts";
import { parseTimeRange, type TimeRange, timeRangeWordOf } from "../../time/time-range.ts";

/** Which traces: of all experiments, of some, or those of none. */
export type Scope =
  | { readonly kind: "all" | "pending" | "unclaimed" }
  | { readonly kind: "experiments"; readonly ids: readonly string[] };

/** What they are ordered by. */
export type Order = "newest" | "oldest" | "slowest" | "fastest";

/** What the list of traces shows. */
export interface TracesState {
  readonly scope: Scope;
  /** In the language of docs/reading-traces.md. */
  readonly filter: string;
  readonly range: TimeRange;
  readonly order: Order;
  /** By their names, in order. Unknown ones are not shown. */
  readonly columns: readonly string[];
  /** Whether new ones are followed. */
  readonly live: boolean;
}

/** The columns that are shown unless others are chosen. */
export const COLUMNS_BY_DEFAULT: readonly string[] = [
  "name",
  "started",
  "duration",
  "experiment",
  "request",
  "tokens",
  "cost",
];

const ORDERS: readonly Order[] = ["newest", "oldest", "slowest", "fastest"];
/** As many experiments as a search takes. */
const EXPERIMENTS_MAX = 100;

/** `/traces?in=7,9&q=status = 'ERROR'&t=24h&sort=slowest&columns=name,cost&live=off`; each may be absent. */
export const tracesCodec: AddressCodec<TracesState> = {
  read(query) {
    const order = ORDERS.find((word) => word === query.get("sort"));
    const columns = (query.get("columns") ?? "").split(",").filter((column) => /^[a-z]+$/.test(column));
    return {
      scope: scopeIn(query.get("in") ?? ""),
      filter: query.get("q") ?? "",
      range: parseTimeRange(query.get("t") ?? "all") ?? { kind: "all" },
      order: order ?? "newest",
      columns: columns.length === 0 ? COLUMNS_BY_DEFAULT : [...new Set(columns)],
      live: query.get("live") !== "off",
    };
  },
  write({ scope, filter, range, order, columns, live }) {
    const query = new URLSearchParams();
    const set = (name: string, value: string, byDefault: string) => value !== byDefault && query.set(name, value);
    set("in", scope.kind === "experiments" ? scope.ids.join(",") : scope.kind, "all");
    set("q", filter, "");
    set("t", timeRangeWordOf(range), "all");
    set("sort", order, "newest");
    set("columns", columns.join(","), COLUMNS_BY_DEFAULT.join(","));
    set("live", live ? "on" : "off", "on");
    return query;
  },
};

/** The address of a list of traces; what is not said is as by default. */
export function tracesAddress(state: Partial<TracesState>): string {
  return addressOf("/traces", tracesCodec.write({ ...tracesCodec.read(new URLSearchParams()), ...state }));
}

function scopeIn(text: string): Scope {
  if (text === "pending" || text === "unclaimed") return { kind: text };
  const ids = [...new Set(text.split(",").filter((id) => /^\d{1,19}$/.test(id)))].slice(0, EXPERIMENTS_MAX);
  return ids.length === 0 ? { kind: "all" } : { kind: "experiments", ids };
}
