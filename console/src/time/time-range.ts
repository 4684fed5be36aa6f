/** What time is looked at: the last so many milliseconds, between two moments, or all of it. */
export type TimeRange =
  | { readonly kind: "last"; readonly ms: number }
  | { readonly kind: "between"; readonly fromMs: number; readonly toMs: number }
  | { readonly kind: "all" };

const UNITS: ReadonlyMap<string, number> = new Map([
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** What is offered: a word as it stands in addresses, and what it is called. */
export const TIME_RANGES: readonly (readonly [word: string, label: string])[] = [
  ["15m", "Last 15 minutes"],
  ["1h", "Last hour"],
  ["6h", "Last 6 hours"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
  ["30d", "Last 30 days"],
  ["all", "All time"],
];

/** A range from a word of an address: `24h`, `all`, or two moments in ISO 8601 with `~` between. Undefined: it is none. */
export function parseTimeRange(word: string): TimeRange | undefined {
  if (word === "all") return { kind: "all" };
  const [, count, unit = ""] = /^(\d{1,4})([mhd])$/.exec(word) ?? [];
  const unitMs = UNITS.get(unit);
  if (unitMs !== undefined && Number(count) > 0) return { kind: "last", ms: Number(count) * unitMs };
  const [from = "", to = "", ...more] = word.split("~");
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  if (more.length > 0 || Number.isNaN(fromMs) || Number.isNaN(toMs) || fromMs >= toMs) return undefined;
  return { kind: "between", fromMs, toMs };
}

/** The word for a range, which {@link parseTimeRange} reads. */
export function timeRangeWordOf(range: TimeRange): string {
  switch (range.kind) {
    case "all":
      return "all";
    case "last":
      return lastWordOf(range.ms);
    case "between":
      return `${new Date(range.fromMs).toISOString()}~${new Date(range.toMs).toISOString()}`;
  }
}

/** A range in moments, as of now. Undefined bounds are open. */
export function boundsOf(range: TimeRange, nowMs: number): { readonly fromMs?: number; readonly toMs?: number } {
  switch (range.kind) {
    case "all":
      return {};
    case "last":
      return { fromMs: nowMs - range.ms };
    case "between":
      return { fromMs: range.fromMs, toMs: range.toMs };
  }
}

/** What a range is called. `momentOf` tells a moment in the reader's words. */
export function timeRangeLabelOf(range: TimeRange, momentOf: (ms: number) => string): string {
  if (range.kind === "between") return `${momentOf(range.fromMs)} – ${momentOf(range.toMs)}`;
  const word = timeRangeWordOf(range);
  return TIME_RANGES.find(([known]) => known === word)?.[1] ?? `Last ${word}`;
}

function lastWordOf(ms: number): string {
  const fitting = [...UNITS]
    .toReversed()
    .find(([, unitMs]) => ms % unitMs === 0 && !(unitMs === 86_400_000 && ms === unitMs));
  const [unit, unitMs] = fitting ?? ["m", 60_000];
  return `${Math.max(1, Math.round(ms / unitMs))}${unit}`;
}
