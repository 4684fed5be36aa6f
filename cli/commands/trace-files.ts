import { createReadStream } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { ServiceError } from "#lib/service-error.ts";
import { TraceView } from "#proto/twinspan/trace/v1/trace.ts";
import type { Connection } from "../connection.ts";
import { startExperimentWriter } from "../experiment/experiment-writer.ts";
import { CliError, type CliIo } from "../io.ts";
import { startProgress } from "../progress.ts";
import { exportTraces } from "../trace/export-traces.ts";
import { type ImportProgress, importTraces } from "../trace/import-traces.ts";
import { type SpanSender, startSpanSender } from "../trace/span-sender.ts";
import type { TraceReader } from "../trace/trace-reader.ts";
import { experimentNamed, readerOf, targetOption, traceWriterOf } from "./target.ts";

const STANDARD = "-";

/** `twinspan trace export` and `import`. */
export function addTraceFileCommands(trace: Command, io: CliIo): void {
  trace
    .command("export")
    .description("write an experiment's traces as OTLP JSON lines, one a trace, the oldest first")
    .requiredOption("--experiment <name>", "whose traces")
    .option("--out <file>", "where to; - is standard output. A file that is there is not overwritten", STANDARD)
    .addOption(new Option("--view <view>", "basic: without payload").choices(["full", "basic"]).default("full"))
    .addOption(targetOption())
    .addHelpText("after", EXPORT_HELP)
    .action(async (options: ExportOptions, command: Command) => {
      using reader = readerOf(command, io);
      const { id, traceCount } = await experimentNamed(reader, options.experiment);
      const view = options.view === "basic" ? TraceView.TRACE_VIEW_BASIC : TraceView.TRACE_VIEW_FULL;
      await using file = options.out === STANDARD ? undefined : await startFile(resolve(io.directory, options.out));
      const told = await writeTraces(reader, id, view, Number(traceCount), io, file);
      await file?.finish();
      io.err(`${told}\n`);
    });
  trace
    .command("import <file>")
    .description("send the traces of an OTLP JSON lines file to a trace-writer; - is standard input")
    .option(
      "--experiment <name>",
      "where to; created when missing (default: as the spans' resources say, else Default)",
    )
    .addOption(targetOption())
    .addHelpText("after", IMPORT_HELP)
    .action(async (file: string, options: { experiment?: string }, command: Command) => {
      using reader = readerOf(command, io);
      const connection = traceWriterOf(command, io);
      using sender = startSpanSender(connection, io.stop);
      const { experiment } = options;
      const id = experiment === undefined ? undefined : await experimentIdOf(reader, connection, experiment);
      const path = file === STANDARD ? undefined : resolve(io.directory, file);
      const size = path === undefined ? undefined : await sizeOf(path);
      const done = await sendTraces(path === undefined ? io.input() : createReadStream(path), size, sender, id, io);
      const told = `sent ${done.spans} spans of ${done.lines} lines`;
      if (done.rejected.length > 0) throw new CliError(`${told}; not taken: ${rejectionsOf(done)}`);
      io.err(`${told}\n`);
    });
}

interface ExportOptions {
  readonly experiment: string;
  readonly out: string;
  readonly view: "full" | "basic";
}

const EXPORT_HELP = `
Each line is a whole trace, as OTLP's file exporter writes them. Not in it: the seal of full traces, their metadata, edited tags,
and which spans are mirrors, but for the attribute that says so. The file appears when it is whole.

Examples:
  twinspan trace export --experiment gateway/demo --out demo.jsonl
  twinspan trace export --experiment Default --view basic | zstd > default.jsonl.zst`;

const IMPORT_HELP = `
Full traces and mirrors come back as ordinary spans of an agent: only the gateway writes the others, so nothing that is imported counts
as billed. Spans of full traces and mirrors that are stored here already are not taken, which is said. A file may be sent again.

Examples:
  twinspan trace import demo.jsonl --experiment restored
  zstd -dc default.jsonl.zst | twinspan trace import -`;

async function writeTraces(
  reader: TraceReader,
  experimentId: string,
  view: TraceView,
  total: number,
  io: CliIo,
  file: WholeFile | undefined,
): Promise<string> {
  using progress = startProgress(io, total);
  const counts = { line: 0, empty: 0, gone: 0 };
  for await (const trace of exportTraces(reader, experimentId, view)) {
    if (io.stop.aborted) throw new CliError("stopped");
    counts[trace.kind] += 1;
    if (trace.kind === "line") await (file?.write(trace.line) ?? io.out(trace.line));
    const done = counts.line + counts.empty + counts.gone;
    progress.show(done, `${done} of ${total} traces`);
  }
  const left = [
    ...(counts.empty > 0 ? [`${counts.empty} without spans left out`] : []),
    ...(counts.gone > 0 ? [`${counts.gone} deleted meanwhile`] : []),
  ];
  return [`exported ${counts.line} traces`, ...left].join(", ");
}

/** A file that appears under its name when it is whole, and not at all where it does not come to that. */
interface WholeFile extends AsyncDisposable {
  write(text: string): Promise<void>;
  finish(): Promise<void>;
}

async function startFile(path: string): Promise<WholeFile> {
  if ((await stat(path).catch(() => undefined)) !== undefined) {
    throw new CliError(`${path} is there already. Name another file, or remove it.`);
  }
  const part = `${path}.part`;
  const handle = await open(part, "w").catch((cause: unknown) => {
    throw new CliError(`${part} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`);
  });
  let isWhole = false;
  return {
    write: (text) => handle.appendFile(text),
    async finish() {
      await handle.sync();
      await rename(part, path);
      isWhole = true;
    },
    async [Symbol.asyncDispose]() {
      await handle.close();
      if (!isWhole) await rm(part, { force: true });
    },
  };
}

async function sendTraces(
  file: AsyncIterable<Uint8Array>,
  size: number | undefined,
  sender: SpanSender,
  experimentId: string | undefined,
  io: CliIo,
): Promise<ImportProgress> {
  using progress = startProgress(io, size);
  let last: ImportProgress = { lines: 0, bytes: 0, spans: 0, rejected: [] };
  for await (const sent of importTraces(file, sender, experimentId)) {
    if (io.stop.aborted) throw new CliError(`stopped after ${sent.lines} lines, which are stored. Send it again.`);
    progress.show(sent.bytes, `${sent.lines} lines, ${sent.spans} spans`);
    last = sent;
  }
  return last;
}

async function experimentIdOf(reader: TraceReader, connection: Connection, name: string): Promise<string> {
  try {
    return (await reader.experimentNamed(name)).id;
  } catch (error) {
    if (!(error instanceof ServiceError && error.kind === "not_found")) throw error;
    using writer = startExperimentWriter(connection);
    return (await writer.create(name)).id;
  }
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isFile()) throw new CliError(`There is no file ${path}.`);
  return found.size;
}

/** How many spans were not taken, and the different reasons. */
function rejectionsOf({ rejected }: ImportProgress): string {
  const spans = rejected.reduce((sum, each) => sum + each.spans, 0);
  const reasons = [
    ...new Set(rejected.flatMap(({ reason }) => reason.split("; ").map((one) => one.replace(/^\d+ × /, "")))),
  ];
  return `${spans} spans: ${reasons.join("; ")}`;
}
