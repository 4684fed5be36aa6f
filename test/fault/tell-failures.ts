import type { ChatAnswer } from "../callers/chat.ts";
import type { ServiceProcess } from "../system/service-process.ts";

/** A call that has ended, and when, in milliseconds since the Unix epoch. */
export interface TimedCall {
  /** The ingress that it went to. */
  readonly to: string;
  readonly answer: ChatAnswer;
  readonly beganAtMs: number;
  readonly endedAtMs: number;
}

/** How long before the first failure what services logged may have to do with it. */
const BEFORE_MS = 5_000;
const LINES_MAX = 40;
/** pino's number for warnings. */
const LOG_WARNING = 40;

/**
 * Tells of calls that failed all that there is to know: when each was and what came of it, among what became of the
 * services and what they warned of meanwhile. Seconds count from the first start of any. Empty: none has failed.
 */
export function tellFailures(failed: readonly TimedCall[], services: readonly ServiceProcess[]): string {
  if (failed.length === 0) return "";
  const lives = services.flatMap((service) =>
    service.story.map(({ atMs, what }) => ({ atMs, words: `${service.name} ${hostOf(service.opsUrl)} ${what}` })),
  );
  const startMs = Math.min(...lives.map(({ atMs }) => atMs));
  const firstMs = Math.min(...failed.map(({ beganAtMs }) => beganAtMs)) - BEFORE_MS;
  const warnings = services
    .flatMap((service) => service.output.split("\n").map((line) => ({ service, atMs: warnedAtMs(line), line })))
    .filter(({ atMs }) => atMs >= firstMs)
    .slice(0, LINES_MAX)
    .map(({ service, atMs, line }) => ({ atMs, words: `${service.name} ${hostOf(service.opsUrl)} logged ${line}` }));
  const calls = failed.map((call) => ({ atMs: call.endedAtMs, words: wordsOf(call) }));
  return [...lives, ...warnings, ...calls]
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ atMs, words }) => `${((atMs - startMs) / 1000).toFixed(3).padStart(8)} s  ${words}`)
    .join("\n");
}

function wordsOf({ to, answer, beganAtMs, endedAtMs }: TimedCall): string {
  const { status, broken, isComplete, headers, traceName, body } = answer;
  const how = `status ${status}, ${broken ?? "not broken"}, ${isComplete ? "complete" : "not complete"}`;
  const named = `request ${String(headers["x-request-id"])}, trace ${traceName}`;
  return `CALL FAILED at ${hostOf(to)} after ${endedAtMs - beganAtMs} ms: ${how}, ${named}, ${body}`;
}

function hostOf(url: string): string {
  return new URL(url).host;
}

/**
 * When a line of a log was written, if it is a warning or an error and not that of one call, of which probes make many.
 * Else -1.
 */
function warnedAtMs(line: string): number {
  if (line.includes('"module":"access"')) return -1;
  const found = /^\{"level":(\d+),"time":"([^"]+)"/.exec(line);
  return Number(found?.[1] ?? 0) >= LOG_WARNING ? Date.parse(found?.[2] ?? "") : -1;
}
