const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** What stands at the ticks of an axis of time, in the reader's zone: a time, or at midnight the day. `seconds` since 1970. */
export function tickTexts(seconds: readonly number[]): string[] {
  const step = (seconds[1] ?? 0) - (seconds[0] ?? 0);
  return seconds.map((second) => {
    const moment = new Date(second * 1000);
    const isMidnight = moment.getHours() === 0 && moment.getMinutes() === 0 && moment.getSeconds() === 0;
    if (isMidnight || step >= 86_400) return `${moment.getDate()} ${MONTHS[moment.getMonth()]}`;
    const time = `${two(moment.getHours())}:${two(moment.getMinutes())}`;
    return step < 60 ? `${time}:${two(moment.getSeconds())}` : time;
  });
}

/** A bucket of time: `24 Nov 14:00 – 15:00`. */
export function bucketText(fromMs: number, bucketMs: number): string {
  const [from, to] = [new Date(fromMs), new Date(fromMs + bucketMs)];
  const day = (moment: Date) => `${moment.getDate()} ${MONTHS[moment.getMonth()]}`;
  if (bucketMs >= 86_400_000) return bucketMs === 86_400_000 ? day(from) : `${day(from)} – ${day(to)}`;
  const seconds = bucketMs < 60_000;
  const time = (moment: Date) =>
    `${two(moment.getHours())}:${two(moment.getMinutes())}${seconds ? `:${two(moment.getSeconds())}` : ""}`;
  return `${day(from)} ${time(from)} – ${time(to)}`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
