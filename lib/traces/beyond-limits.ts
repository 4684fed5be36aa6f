import type { RetentionLimits } from "#proto/twinspan/trace/v1/experiment.ts";

/** What an experiment holds. */
export interface HeldTraces {
  readonly traceCount: bigint;
  readonly storedBytes: bigint;
  /** When its oldest trace began, in milliseconds since the Unix epoch. Undefined: it has none, or nobody knows. */
  readonly oldestStartMs: number | undefined;
}

const DAY_MS = 86_400_000;

/**
 * What is deleted of an experiment under limits, in a few words, as far as one can tell without counting:
 * `all that is older than 7 days (its oldest trace is 45 days old), the 1,200 oldest traces`. Undefined: nothing.
 */
export function beyondLimitsText(
  { ageDaysMax, tracesMax, bytesMax }: RetentionLimits,
  { traceCount, storedBytes, oldestStartMs }: HeldTraces,
  nowMs: number,
): string | undefined {
  const oldestDays = oldestStartMs === undefined ? 0 : (nowMs - oldestStartMs) / DAY_MS;
  const isTooOld = ageDaysMax > 0 && oldestDays > ageDaysMax;
  const isTooMany = tracesMax > 0n && traceCount > tracesMax;
  const isTooLarge = bytesMax > 0n && storedBytes > bytesMax;
  const words = [
    ...(isTooOld
      ? [`all that is older than ${daysText(ageDaysMax)} (its oldest trace is ${daysText(oldestDays)} old)`]
      : []),
    ...(isTooMany ? [`the ${numberText(traceCount - tracesMax)} oldest traces of ${numberText(traceCount)}`] : []),
    ...(isTooLarge ? [`the oldest ${percentOf(storedBytes - bytesMax, storedBytes)} % of its bytes`] : []),
  ];
  return words.length === 0 ? undefined : words.join(", ");
}

function daysText(days: number): string {
  if (days < 1) return countOf(days * 24, "hour");
  return countOf(days, "day");
}

function countOf(count: number, thing: string): string {
  const rounded = Math.round(count * 10) / 10;
  return `${numberText(rounded)} ${thing}${rounded === 1 ? "" : "s"}`;
}

function numberText(number: number | bigint): string {
  return number.toLocaleString("en", { maximumFractionDigits: 1 });
}

/** Never 0, since it is something. */
function percentOf(part: bigint, whole: bigint): string {
  return numberText(Math.max(0.1, Math.round((Number(part) / Number(whole)) * 1000) / 10));
}
