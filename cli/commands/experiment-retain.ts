import { type Command, InvalidArgumentError, Option } from "commander";
import { beyondLimitsText } from "#lib/traces/beyond-limits.ts";
import type { Experiment, RetentionLimits } from "#proto/twinspan/trace/v1/experiment.ts";
import { keptLineOf } from "../experiment/experiment-list.ts";
import { startExperimentWriter } from "../experiment/experiment-writer.ts";
import { CliError, type CliIo } from "../io.ts";
import { parseDuration } from "../trace/time-range.ts";
import type { TraceReader } from "../trace/trace-reader.ts";
import { experimentNamed, readerOf, targetOption, traceWriterOf } from "./target.ts";

const DAY_NS = 86_400_000_000_000;
const UNITS = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const;
const LIMITS = ["age", "traces", "bytes"];

/** `twinspan experiment retain`. */
export function addRetainCommand(experiment: Command, io: CliIo): void {
  experiment
    .command("retain <name>")
    .description(
      "set how much of an experiment is kept: these limits and no other. Beyond one its oldest traces are deleted",
    )
    .option("--age <duration>", "how old a trace gets: 12h, 30d", parseDuration)
    .option("--traces <n>", "how many traces it has", parseCount)
    .option("--bytes <size>", "how many bytes it takes as it is stored: 500MB, 50GB", parseBytes)
    .addOption(new Option("--everything", "keep everything, whatever the configuration says").conflicts(LIMITS))
    .addOption(
      new Option("--as-configured", "take its own limits from it: the configuration's hold again").conflicts([
        ...LIMITS,
        "everything",
      ]),
    )
    .option("--yes", "also where that deletes traces now")
    .addOption(targetOption())
    .addHelpText("after", HELP)
    .action(async (name: string, options: RetainOptions, command: Command) => {
      const ownRetention = ownRetentionOf(options);
      using reader = readerOf(command, io);
      using writer = startExperimentWriter(traceWriterOf(command, io));
      const found = await experimentNamed(reader, name);
      if (!options.yes) await refuseDeletion(reader, found, ownRetention ?? found.retention?.configured);
      io.out(keptLineOf(await writer.retain(found.id, ownRetention)));
    });
}

const HELP = `
A limit that is not given is none. No limit gets beyond traceWriter.retention.ceiling of the configuration.

Examples:
  twinspan experiment retain gateway/demo --age 30d --bytes 50GB
  twinspan experiment retain audits --everything
  twinspan experiment retain gateway/demo --as-configured`;

interface RetainOptions {
  readonly age?: bigint;
  readonly traces?: bigint;
  readonly bytes?: bigint;
  readonly everything?: true;
  readonly asConfigured?: true;
  readonly yes?: true;
}

/** Undefined: none of its own any more. */
function ownRetentionOf({ age, traces, bytes, everything, asConfigured }: RetainOptions): RetentionLimits | undefined {
  if (asConfigured) return undefined;
  if (!everything && age === undefined && traces === undefined && bytes === undefined) {
    throw new CliError("Say what is kept: --age, --traces or --bytes; --everything; or --as-configured.");
  }
  return { ageDaysMax: Number(age ?? 0n) / DAY_NS, tracesMax: traces ?? 0n, bytesMax: bytes ?? 0n };
}

async function refuseDeletion(
  reader: TraceReader,
  experiment: Experiment,
  limits: RetentionLimits | undefined,
): Promise<void> {
  if (limits === undefined) return;
  const listing = { experimentIds: [experiment.id], pending: false, limit: 1, orderBy: "timestamp_ms ASC" };
  const [oldest] = await reader.traces(listing);
  const oldestStartMs = oldest && Number(oldest.startTimeUnixNano / 1_000_000n);
  const beyond = beyondLimitsText(limits, { ...experiment, oldestStartMs }, Date.now());
  if (beyond !== undefined) {
    throw new CliError(`That deletes, for good: ${beyond}. Nothing is changed; say --yes if it may.`);
  }
}

function parseCount(text: string): bigint {
  if (/^[1-9]\d{0,12}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError("It must be a whole number from 1 on.");
}

function parseBytes(text: string): bigint {
  const [, number = "", unit = ""] = /^(\d{1,16}(?:\.\d{1,3})?)([KMGT]B)?$/.exec(text) ?? [];
  const bytes = Math.round(Number(number) * (Object.entries(UNITS).find(([known]) => known === unit)?.[1] ?? 1));
  if (number !== "" && bytes > 0) return BigInt(bytes);
  throw new InvalidArgumentError("It must be a number of bytes, such as 500MB or 50GB.");
}
