import { readFileSync } from "node:fs";

/**
 * Loaded before a service (`--import`), in each of its threads: its wall clock is off by the milliseconds that stand in
 * the file SHIFTED_CLOCK_FILE, as far as JavaScript sees it. What counts on the monotonic clock (timers,
 * `performance.now`) goes on.
 */
const FILE = process.env["SHIFTED_CLOCK_FILE"] ?? "";
const READ_EVERY_MS = 50;

const trueNow = Date.now;
let offsetMs = 0;
let readAtMs = Number.NEGATIVE_INFINITY;

function now(): number {
  const atMs = performance.now();
  if (atMs - readAtMs > READ_EVERY_MS) {
    readAtMs = atMs;
    offsetMs = Number(readFileSync(FILE, "utf8"));
  }
  return trueNow() + offsetMs;
}

globalThis.Date = new Proxy(Date, {
  construct: (target, values) => Reflect.construct(target, values.length === 0 ? [now()] : values),
  get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
});
