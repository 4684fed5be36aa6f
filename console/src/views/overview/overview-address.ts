import type { AddressCodec } from "../../address/view-state.ts";
import { parseTimeRange, type TimeRange, timeRangeWordOf } from "../../time/time-range.ts";
import { DIMENSIONS, type Dimension } from "./dimensions.ts";

/** What the overview shows. */
export interface OverviewState {
  readonly range: TimeRange;
  /** What calls are told apart by. */
  readonly by: Dimension;
  /** Whether what was before is shown beside it. */
  readonly isCompared: boolean;
  /** Whether figures stand in tables instead of charts. */
  readonly isTables: boolean;
}

const RANGE: TimeRange = { kind: "last", ms: 86_400_000 };

/** `/?t=7d&by=model&compare=off&as=tables`; each may be absent. */
export const overviewCodec: AddressCodec<OverviewState> = {
  read(query) {
    return {
      range: parseTimeRange(query.get("t") ?? "") ?? RANGE,
      by: DIMENSIONS.find(([dimension]) => dimension === query.get("by"))?.[0] ?? "endpoint",
      isCompared: query.get("compare") !== "off",
      isTables: query.get("as") === "tables",
    };
  },
  write({ range, by, isCompared, isTables }) {
    const query = new URLSearchParams();
    const set = (name: string, value: string, byDefault: string) => value !== byDefault && query.set(name, value);
    set("t", timeRangeWordOf(range), timeRangeWordOf(RANGE));
    set("by", by, "endpoint");
    set("compare", isCompared ? "on" : "off", "on");
    set("as", isTables ? "tables" : "charts", "charts");
    return query;
  },
};
