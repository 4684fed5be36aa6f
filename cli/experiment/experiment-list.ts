import { bytesText } from "#lib/traces/bytes-text.ts";
import {
  type Experiment,
  type ExperimentRetention,
  type RetentionLimits,
  RetentionSource,
} from "#proto/twinspan/trace/v1/experiment.ts";
import { printable } from "../trace/printable.ts";
import { tableOf } from "../trace/table.ts";

const HEAD = ["experiment", "traces", "size", "kept", "set"] as const;

/** Experiments as a table: what each holds, how much of it is kept, and where that is set. Ends with a line break. */
export function experimentListOf(experiments: readonly Experiment[]): string {
  const rows = experiments.map(({ name, traceCount, storedBytes, retention }) => [
    printable(name),
    traceCount.toString(),
    bytesText(storedBytes),
    limitsTextOf(retention),
    sourceTextOf(retention),
  ]);
  return tableOf([HEAD, ...rows], new Set([1, 2]));
}

/** What is kept of an experiment, in a line: `gateway/demo: 30 days kept (set for it)`. Ends with a line break. */
export function keptLineOf({ name, retention }: Experiment): string {
  const { ceiling } = retention ?? {};
  const within = ceiling === undefined ? "" : `; no more than ${limitsTextOf(ceiling)}`;
  return `${printable(name)}: ${limitsTextOf(retention)} kept (${sourceTextOf(retention)}${within})\n`;
}

function limitsTextOf(limits: RetentionLimits | undefined): string {
  const { ageDaysMax = 0, tracesMax = 0n, bytesMax = 0n } = limits ?? {};
  const words = [
    ...(ageDaysMax === 0 ? [] : [ageTextOf(ageDaysMax)]),
    ...(tracesMax === 0n ? [] : [`${tracesMax} ${tracesMax === 1n ? "trace" : "traces"}`]),
    ...(bytesMax === 0n ? [] : [bytesText(bytesMax)]),
  ];
  return words.length === 0 ? "everything" : words.join(", ");
}

function ageTextOf(days: number): string {
  const [count, unit] = days < 1 ? [days * 24, "hour"] : [days, "day"];
  const rounded = Math.round(count * 10) / 10;
  return `${rounded} ${unit}${rounded === 1 ? "" : "s"}`;
}

function sourceTextOf(retention: ExperimentRetention | undefined): string {
  switch (retention?.source) {
    case RetentionSource.RETENTION_SOURCE_OWN:
      return "set for it";
    case RetentionSource.RETENTION_SOURCE_NAME:
      return "configured for its name";
    case RetentionSource.RETENTION_SOURCE_ALL:
      return "configured for all";
    default:
      return "not told";
  }
}
