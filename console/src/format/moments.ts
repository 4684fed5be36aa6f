/** Milliseconds since 1970 from nanoseconds, as OTLP tells moments. */
export function msOfNanos(nanos: bigint): number {
  return Number(nanos / 1_000_000n) + Number(nanos % 1_000_000n) / 1e6;
}

/** A moment in the reader's own time, as short as it can be: `14:03:07` today, `12 Nov 14:03` this year, else with the year. */
export function momentText(ms: number, nowMs: number): string {
  const [moment, now] = [new Date(ms), new Date(nowMs)];
  const time = `${two(moment.getHours())}:${two(moment.getMinutes())}`;
  if (moment.toDateString() === now.toDateString()) return `${time}:${two(moment.getSeconds())}`;
  const day = `${moment.getDate()} ${MONTHS[moment.getMonth()]}`;
  return moment.getFullYear() === now.getFullYear() ? `${day} ${time}` : `${day} ${moment.getFullYear()} ${time}`;
}

/** A moment whole, with milliseconds and the reader's zone: for tooltips. */
export function wholeMomentText(ms: number): string {
  const moment = new Date(ms);
  const minutes = -moment.getTimezoneOffset();
  const zone = `UTC${minutes < 0 ? "−" : "+"}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  const day = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  const time = `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`;
  return `${day} ${time}.${String(moment.getMilliseconds()).padStart(3, "0")} ${zone}`;
}

/** How long ago: `now`, `12 s ago`, `5 m ago`, `3 h ago`, `4 d ago`. */
export function agoText(ms: number, nowMs: number): string {
  const seconds = Math.round((nowMs - ms) / 1000);
  if (seconds < 5) return "now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

function two(number: number): string {
  return String(number).padStart(2, "0");
}
