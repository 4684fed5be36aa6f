import { type Command, InvalidArgumentError, Option } from "commander";
import { parseTraceName, traceNameOf } from "#lib/ids.ts";
import { messageJsonOf } from "#lib/traces/message-json.ts";
import { CliError, type CliIo } from "../io.ts";
import { traceListOf } from "../trace/trace-list.ts";
import type { TraceReader } from "../trace/trace-reader.ts";
import { traceLinesOf } from "../trace/trace-tree.ts";
import { experimentsOf } from "./experiments-of.ts";
import { readerOf, targetOption } from "./target.ts";
import { addTraceFileCommands } from "./trace-files.ts";
import { addTraceTotalsCommand } from "./trace-totals.ts";

const LIMIT_MAX = 10_000;

/** `twinspan trace show`, `twins`, `tail` and `list`, and the others that stand beside them. */
export function addTraceCommands(program: Command, io: CliIo): void {
  const trace = program.command("trace").description("read stored traces, write them to files and send those back");
  trace
    .command("show <id>")
    .description("show a trace as a tree: times, tokens, cost, links ⇄, and the payload of full traces")
    .option("--json", "print all of it as JSON")
    .addOption(targetOption())
    .addHelpText("after", "\nExample:\n  twinspan trace show tr-0af7651916cd43dd8448eb211c80319c")
    .action(async (id: string, options: { json?: true }, command: Command) => {
      const traceId = traceIdOf(id);
      using reader = readerOf(command, io);
      const found = await reader.trace(traceNameOf(traceId));
      io.out(options.json ? `${messageJsonOf(found)}\n` : `${traceLinesOf(found).join("\n")}\n`);
    });
  trace
    .command("twins <id>")
    .description("list the full traces of an agent's trace, or the agent's trace behind a full trace")
    .option("--limit <n>", "how many at the most", parseLimit, 100)
    .option("--json", "print them as JSON")
    .addOption(targetOption())
    .addHelpText("after", "\nExample:\n  twinspan trace twins tr-0af7651916cd43dd8448eb211c80319c")
    .action(async (id: string, options: { limit: number; json?: true }, command: Command) => {
      const traceId = traceIdOf(id);
      using reader = readerOf(command, io);
      const twins = await reader.twins(traceNameOf(traceId), options.limit);
      io.out(options.json ? `${messageJsonOf(twins)}\n` : traceListOf(twins, await reader.experiments()));
    });
  trace
    .command("tail")
    .description("print traces as they appear and change, until Ctrl-C")
    .option("--experiment <name>", "those of this experiment only (default: every experiment there is now)")
    .addOption(new Option("--pending", "those whose owner has not shown up yet").conflicts("experiment"))
    .option("--filter <filter>", "those that pass it, as with list")
    .option("--json", "print each as JSON")
    .addOption(targetOption())
    .addHelpText("after", TAIL_EXAMPLE)
    .action(async (options: Omit<ListOptions, "limit">, command: Command) => {
      using reader = readerOf(command, io);
      const experiments = options.pending ? [] : await experimentsOf(reader, options.experiment, io);
      const experimentIds = experiments.map(({ id }) => id);
      const followed = { ...options, experimentIds, pending: options.pending ?? false };
      for await (const traces of reader.tail(followed, io.stop)) {
        if (options.json) for (const trace of traces) io.out(`${messageJsonOf(trace)}\n`);
        else if (traces.length > 0) io.out(traceListOf(traces, experiments));
      }
    });
  trace
    .command("list")
    .description("list traces, newest first: id, state, start, duration, tokens in → out, experiment, name")
    .option("--experiment <name>", "those of this experiment only (default: every experiment)")
    .addOption(new Option("--pending", "those whose owner has not shown up yet").conflicts("experiment"))
    .addOption(
      new Option(
        "--unclaimed",
        "of the pending, those that nobody has claimed for traceWriter.unclaimedAfterMs",
      ).conflicts(["experiment", "pending"]),
    )
    .option("--filter <filter>", "those that pass it: MLflow's filter language with OR, NOT and parentheses")
    .option("--order-by <order>", "timestamp_ms or execution_time_ms, then ASC or DESC (default: the newest first)")
    .option("--limit <n>", "how many at the most", parseLimit, 20)
    .option("--json", "print them as JSON")
    .addOption(targetOption())
    .addHelpText("after", LIST_EXAMPLES)
    .action(async (options: ListOptions, command: Command) => {
      using reader = readerOf(command, io);
      const unclaimed = options.unclaimed ?? false;
      const pending = options.pending ?? false;
      const isWithoutOwner = pending || unclaimed;
      const experiments = isWithoutOwner ? [] : await experimentsOf(reader, options.experiment, io);
      const nothing = experiments.length === 0 && !isWithoutOwner;
      const experimentIds = experiments.map(({ id }) => id);
      const traces = nothing ? [] : await reader.traces({ ...options, experimentIds, pending, unclaimed });
      io.out(options.json ? `${messageJsonOf(traces)}\n` : traceListOf(traces, experiments));
      if (options.experiment === undefined && !isWithoutOwner) await tellPending(reader, io);
    });
  addTraceTotalsCommand(trace, io);
  addTraceFileCommands(trace, io);
}

const TAIL_EXAMPLE = `
Example:
  twinspan trace tail --filter "status = 'ERROR'"`;

const LIST_EXAMPLES = `
Examples:
  twinspan trace list --experiment gateway/demo --limit 5
  twinspan trace list --filter "status = 'ERROR' AND duration > 1000"
  twinspan trace list --filter "endpoint = 'demo' AND NOT model LIKE 'gpt-%'" --order-by "execution_time_ms DESC"`;

interface ListOptions {
  readonly experiment?: string;
  readonly pending?: true;
  readonly unclaimed?: true;
  readonly filter?: string;
  readonly orderBy?: string;
  readonly limit: number;
  readonly json?: true;
}

const PENDING_COUNTED_MAX = 100;

/** Who looks for a mirror in the list of experiments would not find it while it is pending. */
async function tellPending(reader: TraceReader, io: CliIo): Promise<void> {
  const found = await reader.traces({ experimentIds: [], pending: true, limit: PENDING_COUNTED_MAX });
  if (found.length === 0) return;
  const count = found.length < PENDING_COUNTED_MAX ? `${found.length}` : `${PENDING_COUNTED_MAX} or more`;
  io.err(`and ${count} pending, in no experiment until their agent's own spans arrive: 'trace list --pending'\n`);
}

function traceIdOf(id: string): string {
  const traceId = parseTraceName(id);
  if (traceId === undefined) throw new CliError(`"${id}" is no trace's id. One is tr- and 32 hex digits.`);
  return traceId;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${LIMIT_MAX}.`);
}
