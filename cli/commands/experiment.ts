import type { Command } from "commander";
import { messageJsonOf } from "#lib/traces/message-json.ts";
import { experimentListOf, keptLineOf } from "../experiment/experiment-list.ts";
import { startExperimentWriter } from "../experiment/experiment-writer.ts";
import type { CliIo } from "../io.ts";
import { printable } from "../trace/printable.ts";
import { addRetainCommand } from "./experiment-retain.ts";
import { experimentNamed, readerOf, targetOption, traceWriterOf } from "./target.ts";

/** `twinspan experiment list`, `create`, `rename` and `retain`. */
export function addExperimentCommands(program: Command, io: CliIo): void {
  const experiment = program
    .command("experiment")
    .description("list experiments, make and rename them, and say how much of them is kept");
  experiment
    .command("list")
    .description("list the experiments: what each holds, how much of it is kept, and where that is set")
    .option("--json", "print them as JSON")
    .addOption(targetOption())
    .action(async (options: { json?: true }, command: Command) => {
      using reader = readerOf(command, io);
      const experiments = await reader.experiments();
      io.out(options.json ? `${messageJsonOf(experiments)}\n` : experimentListOf(experiments));
    });
  experiment
    .command("create <name>")
    .description("make an experiment. Whatever names one that is missing makes it too")
    .addOption(targetOption())
    .action(async (name: string, _options: object, command: Command) => {
      using writer = startExperimentWriter(traceWriterOf(command, io));
      io.out(keptLineOf(await writer.create(name)));
    });
  experiment
    .command("rename <name> <new-name>")
    .description("give an experiment another name. Its traces and its own limits stay with it")
    .addOption(targetOption())
    .addHelpText("after", "\nWho names the old one makes that anew: change the name in endpoints and agents too.")
    .action(async (name: string, newName: string, _options: object, command: Command) => {
      using reader = readerOf(command, io);
      using writer = startExperimentWriter(traceWriterOf(command, io));
      const { id } = await experimentNamed(reader, name);
      io.out(`${printable((await writer.rename(id, newName)).name)}\n`);
    });
  addRetainCommand(experiment, io);
}
