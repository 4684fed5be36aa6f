import { type Command, InvalidArgumentError, Option } from "commander";
import { parseTraceName, traceNameOf } from "#lib/ids.ts";
import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import { readConfig } from "../config-source.ts";
import { CliError, type CliIo } from "../io.ts";
import { messageJsonOf } from "../trace/message-json.ts";
import { traceListOf } from "../trace/trace-list.ts";
import { startTraceReader, type TraceReader } from "../trace/trace-reader.ts";
import { traceLinesOf } from "../trace/trace-tree.ts";

const LIMIT_MAX = 10_000;

/** `twinspan trace show` and `twinspan trace list`. */
export function addTraceCommands(program: Command, io: CliIo): void {
  const trace = program.command("trace").description("read stored traces");
  trace
    .command("show <id>")
    .description("show a trace as a tree: times, tokens, cost, links ⇄, and the payload of full traces")
    .option("--json", "print all of it as JSON")
    .addOption(targetOption())
    .addHelpText("after", "\nExample:\n  twinspan trace show tr-0af7651916cd43dd8448eb211c80319c")
    .action(async (id: string, options: { json?: true }, command: Command) => {
      const traceId = parseTraceName(id);
      if (traceId === undefined) throw new CliError(`"${id}" is no trace's id. One is tr- and 32 hex digits.`);
      using reader = readerOf(command, io);
      const found = await reader.trace(traceNameOf(traceId));
      io.out(options.json ? `${messageJsonOf(found)}\n` : `${traceLinesOf(found).join("\n")}\n`);
    });
  trace
    .command("list")
    .description("list traces, newest first; without options, those of every experiment")
    .option("--experiment <name>", "those of this experiment only")
    .addOption(new Option("--pending", "those whose owner has not shown up yet").conflicts("experiment"))
    .option("--limit <n>", "how many at the most", parseLimit, 20)
    .option("--json", "print them as JSON")
    .addOption(targetOption())
    .addHelpText("after", "\nExample:\n  twinspan trace list --experiment gateway/demo --limit 5")
    .action(async (options: ListOptions, command: Command) => {
      using reader = readerOf(command, io);
      const experiments = await experimentsOf(reader, options, io);
      const pending = options.pending ?? false;
      const nothing = experiments.length === 0 && !pending;
      const experimentIds = experiments.map(({ id }) => id);
      const traces = nothing ? [] : await reader.traces({ experimentIds, pending, limit: options.limit });
      io.out(options.json ? `${messageJsonOf(traces)}\n` : traceListOf(traces, experiments));
    });
}

interface ListOptions {
  readonly experiment?: string;
  readonly pending?: true;
  readonly limit: number;
  readonly json?: true;
}

/** How many experiments one search takes. */
const SEARCHED_MAX = 100;

async function experimentsOf(reader: TraceReader, options: ListOptions, io: CliIo): Promise<readonly Experiment[]> {
  if (options.pending) return [];
  if (options.experiment !== undefined) return [await reader.experimentNamed(options.experiment)];
  const all = await reader.experiments();
  if (all.length <= SEARCHED_MAX) return all;
  io.err(
    `twinspan: of ${all.length} experiments, the ${SEARCHED_MAX} that took a span last. Name one with --experiment.\n`,
  );
  const lastSpanOf = ({ updateTime }: Experiment) => Number(updateTime?.seconds ?? 0n);
  return all.toSorted((one, other) => lastSpanOf(other) - lastSpanOf(one)).slice(0, SEARCHED_MAX);
}

function readerOf(command: Command, io: CliIo): TraceReader {
  const { target, config } = command.optsWithGlobals<{ target?: string; config?: string }>();
  const reader = startTraceReader(target ?? readConfig(config, io).ingress.traceWriter);
  // Ctrl-C ends what is asked for, rather than waiting for its deadline.
  io.stop.addEventListener("abort", () => reader[Symbol.dispose](), { once: true });
  return reader;
}

function targetOption(): Option {
  return new Option("--target <address>", "the trace-writer (default: `ingress.traceWriter` of the configuration)");
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${LIMIT_MAX}.`);
}
