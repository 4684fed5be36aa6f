import { bytesText } from "#lib/traces/bytes-text.ts";
import {
  type ExperimentRetention,
  type RetentionLimits,
  RetentionSource,
} from "#proto/twinspan/trace/v1/experiment.ts";
import { countText } from "../../format/figures.ts";

/** How much is kept, in a few words: `30 days, 1 M traces`. */
export function retentionText(limits: RetentionLimits | undefined): string {
  if (limits === undefined) return "";
  const { ageDaysMax, tracesMax, bytesMax } = limits;
  const words = [
    ...(ageDaysMax === 0 ? [] : [ageText(ageDaysMax)]),
    ...(tracesMax === 0n ? [] : [`${countText(tracesMax)} ${tracesMax === 1n ? "trace" : "traces"}`]),
    ...(bytesMax === 0n ? [] : [bytesText(bytesMax)]),
  ];
  return words.length === 0 ? "everything" : words.join(", ");
}

/** Where the limits are from, in a sentence. */
export function sourceText(retention: ExperimentRetention | undefined): string {
  const within = retention?.ceiling === undefined ? "" : `, within the ceiling of ${retentionText(retention.ceiling)}`;
  switch (retention?.source) {
    case RetentionSource.RETENTION_SOURCE_OWN:
      return `Set for this experiment${within}`;
    case RetentionSource.RETENTION_SOURCE_NAME:
      return `The configuration has it for this name${within}`;
    case RetentionSource.RETENTION_SOURCE_ALL:
      return `The configuration has it for all experiments${within}`;
    default:
      return "";
  }
}

function ageText(days: number): string {
  if (days < 1) return `${trimmed(days * 24)} hours`;
  return days === 1 ? "1 day" : `${trimmed(days)} days`;
}

function trimmed(figure: number): string {
  return `${Math.round(figure * 10) / 10}`;
}
