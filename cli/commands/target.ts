import { type Command, Option } from "commander";
import { ServiceError } from "#lib/service-error.ts";
import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import { type Connection, connectionOf } from "../connection.ts";
import { CliError, type CliIo } from "../io.ts";
import { startTraceReader, type TraceReader } from "../trace/trace-reader.ts";

/** How many experiments are named to who asked for one that is not there. */
const NAMES_MAX = 20;

/** The option that names the trace-writer of a command. */
export function targetOption(): Option {
  return new Option("--target <address>", "the trace-writer (default: `ingress.traceWriter` of the configuration)");
}

/** The way to the trace-writer of a command. */
export function traceWriterOf(command: Command, io: CliIo): Connection {
  return connectionOf(command, io, ({ traceWriter }) => traceWriter);
}

/** A reader of the trace-writer of a command. Ctrl-C ends what is asked for, rather than waiting for its deadline. */
export function readerOf(command: Command, io: CliIo): TraceReader {
  const reader = startTraceReader(traceWriterOf(command, io));
  io.stop.addEventListener("abort", () => reader[Symbol.dispose](), { once: true });
  return reader;
}

/** The experiment of that name. A CliError that names those that are there when there is none. */
export async function experimentNamed(reader: TraceReader, name: string): Promise<Experiment> {
  try {
    return await reader.experimentNamed(name);
  } catch (cause) {
    if (!(cause instanceof ServiceError) || cause.kind !== "not_found") throw cause;
    const names = (await reader.experiments()).map((experiment) => experiment.name);
    const have = [...names.slice(0, NAMES_MAX), ...(names.length > NAMES_MAX ? ["…"] : [])].join(", ");
    throw new CliError(`There is no experiment "${name}" (there are: ${have}).`, { cause });
  }
}
