/** How far something has come, of which so much was done when it began to be timed. */
export interface Progressed {
  readonly done: number;
  readonly before: number;
  readonly total: number;
  readonly elapsedMs: number;
}

/** How fast it goes, and how long it will take: `8,100 a second, 2 min left`. Empty where that is not known yet. */
export function paceOf({ done, before, total, elapsedMs }: Progressed): string {
  const perSecond = ((done - before) / elapsedMs) * 1000;
  if (!Number.isFinite(perSecond) || perSecond <= 0) return "";
  return `${numberText(Math.round(perSecond))} a second, ${durationText(Math.max(0, total - done) / perSecond)} left`;
}

/** `1,234,567`. */
export function numberText(value: number): string {
  return value.toLocaleString("en-US");
}

/** `3 min`. */
export function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
