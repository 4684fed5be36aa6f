import { type Command, InvalidArgumentError, Option } from "commander";
import { messageJsonOf } from "#lib/traces/message-json.ts";
import { TotalsGroup, TotalsKind } from "#proto/twinspan/trace/v1/totals.ts";
import { CliError, type CliIo } from "../io.ts";
import { parseDuration, parseMoment } from "../trace/time-range.ts";
import { totalsTableOf } from "../trace/totals-table.ts";
import { experimentsOf } from "./experiments-of.ts";
import { readerOf, targetOption } from "./target.ts";

const GROUPS = {
  endpoint: TotalsGroup.TOTALS_GROUP_ENDPOINT,
  model: TotalsGroup.TOTALS_GROUP_MODEL,
  provider: TotalsGroup.TOTALS_GROUP_PROVIDER,
  experiment: TotalsGroup.TOTALS_GROUP_EXPERIMENT,
  caller: TotalsGroup.TOTALS_GROUP_CALLER,
} as const;
const GROUPS_MAX = 100;
const NANOS_A_MS = 1_000_000n;

/** `twinspan trace totals`. */
export function addTraceTotalsCommand(trace: Command, io: CliIo): void {
  trace
    .command("totals")
    .description("add calls up: requests, errors, tokens, cost, how long they took and how long their first token")
    .addOption(new Option("--by <what>", "what is told apart").choices(Object.keys(GROUPS)))
    .option("--experiment <name>", "those of this experiment only (default: every experiment)")
    .option("--usage", "what agents' traces used, each call once, instead of what was billed; by experiment only")
    .addOption(
      new Option("--since <duration>", "how far back, from now or --to: 90m, 24h, 30d")
        .argParser(parseDuration)
        .default(parseDuration("24h"), "24h"),
    )
    .addOption(new Option("--from <time>", "from when, instead").argParser(parseMoment).conflicts("since"))
    .option("--to <time>", "up to when (default: now)", parseMoment)
    .option("--bucket <duration>", "part the time into pieces that long: 5m, 1h, 1d (default: one)", parseDuration)
    .option(
      "--groups <n>",
      "how many are told apart, those with the most requests; the rest is (other)",
      parseGroups,
      20,
    )
    .option("--json", "print them as JSON")
    .addOption(targetOption())
    .addHelpText("after", EXAMPLES)
    .action(async (options: TotalsOptions, command: Command) => {
      const { by, usage, bucket = 0n, groups } = options;
      const to = options.to ?? BigInt(Date.now()) * NANOS_A_MS;
      const from = options.from ?? (to > options.since ? to - options.since : 0n);
      if (from >= to) throw new CliError("--from must be before --to.");
      using reader = readerOf(command, io);
      const experiments = await experimentsOf(reader, options.experiment, io);
      const points = await reader.totals({
        experimentIds: experiments.map(({ id }) => id),
        startTimeUnixNano: from,
        endTimeUnixNano: to,
        bucketNanos: bucket,
        kind: usage ? TotalsKind.TOTALS_KIND_USAGE : TotalsKind.TOTALS_KIND_BILLED,
        groupBy: by === undefined ? TotalsGroup.TOTALS_GROUP_UNSPECIFIED : GROUPS[by],
        groupsMax: groups,
      });
      io.out(options.json ? `${messageJsonOf(points)}\n` : totalsTableOf(points, { by, byTime: bucket > 0n }));
    });
}

interface TotalsOptions {
  readonly by?: keyof typeof GROUPS;
  readonly experiment?: string;
  readonly usage?: true;
  readonly since: bigint;
  readonly from?: bigint;
  readonly to?: bigint;
  readonly bucket?: bigint;
  readonly groups: number;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  twinspan trace totals --by model --since 30d
  twinspan trace totals --by endpoint --bucket 1h
  twinspan trace totals --usage --by experiment --from 2026-11-01 --to 2026-12-01`;

function parseGroups(text: string): number {
  const groups = Number(text);
  if (Number.isInteger(groups) && groups >= 1 && groups <= GROUPS_MAX) return groups;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${GROUPS_MAX}.`);
}
