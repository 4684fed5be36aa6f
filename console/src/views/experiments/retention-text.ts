import type { ExperimentRetention } from "#proto/twinspan/trace/v1/experiment.ts";
import { bytesText, countText } from "../../format/figures.ts";

/** How much is kept, in a few words: `30 days, 1 M traces`. */
export function retentionText(retention: ExperimentRetention | undefined): string {
  if (retention === undefined) return "";
  const { ageDaysMax, tracesMax, bytesMax } = retention;
  const limits = [
    ...(ageDaysMax === 0 ? [] : [ageText(ageDaysMax)]),
    ...(tracesMax === 0n ? [] : [`${countText(tracesMax)} traces`]),
    ...(bytesMax === 0n ? [] : [bytesText(bytesMax)]),
  ];
  return limits.length === 0 ? "everything" : limits.join(", ");
}

function ageText(days: number): string {
  if (days < 1) return `${trimmed(days * 24)} hours`;
  return days === 1 ? "1 day" : `${trimmed(days)} days`;
}

function trimmed(figure: number): string {
  return `${Math.round(figure * 10) / 10}`;
}
