/** How long a window is, by the calendar in UTC. */
export type Every = "second" | "minute" | "hour" | "day" | "week" | "month";

/** A window of time, in milliseconds since the Unix epoch: its beginning, and where the next begins. */
export interface LimitWindow {
  readonly startMs: number;
  readonly endMs: number;
}

const LENGTH_MS = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 604_800_000 } as const;
/** The Unix epoch was a Thursday; weeks begin on Monday. */
const FIRST_MONDAY_MS = 4 * LENGTH_MS.day;

/** The window that holds `nowMs`. */
export function limitWindowAt(every: Every, nowMs: number): LimitWindow {
  if (every === "month") {
    const now = new Date(nowMs);
    const startOf = (month: number) => Date.UTC(now.getUTCFullYear(), month, 1);
    return { startMs: startOf(now.getUTCMonth()), endMs: startOf(now.getUTCMonth() + 1) };
  }
  const lengthMs = LENGTH_MS[every];
  const originMs = every === "week" ? FIRST_MONDAY_MS : 0;
  const startMs = nowMs - ((((nowMs - originMs) % lengthMs) + lengthMs) % lengthMs);
  return { startMs, endMs: startMs + lengthMs };
}
