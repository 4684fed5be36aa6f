import type { LeftTold } from "#lib/tasks/drain-task.ts";
import { bytesText } from "#lib/traces/bytes-text.ts";
import { durationText, numberText } from "../pace.ts";

/** What a left outbox holds, a line a fact. */
export function leftTextOf(file: string, left: LeftTold, nowMs: number): string {
  const { records, bytes, oldestMs, inFlight, lastAliveMs, damagedPlaces } = left;
  const ageOf = (ms: number) => `${durationText(Math.max(0, nowMs - ms) / 1000)} ago, ${new Date(ms).toISOString()}`;
  return [
    `file       ${file}`,
    `records    ${numberText(records)} wait for the trace-writer`,
    `bytes      ${bytesText(bytes)}`,
    `oldest     ${oldestMs === undefined ? "–" : ageOf(oldestMs)}`,
    `in flight  ${numberText(inFlight)} calls${inFlight === 0 ? "" : ", which a drain records as interrupted"}`,
    `last used  ${lastAliveMs === 0 ? "–" : ageOf(lastAliveMs)}`,
    ...(damagedPlaces === 0
      ? []
      : [`damaged    ${numberText(damagedPlaces)} places, which a drain passes over and counts`]),
  ].join("\n");
}
