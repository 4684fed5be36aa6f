import { dirname, resolve } from "node:path";
import { type Command, Option } from "commander";
import type { MoveRequest } from "#lib/tasks/move-task.ts";
import { readConfig } from "../config-source.ts";
import type { CliIo } from "../io.ts";
import { showMove } from "../store/show-move.ts";
import { startMove } from "../store/start-move.ts";
import { storeNamed } from "../store/store-name.ts";

interface MigrateOptions {
  readonly config?: string;
  readonly from: string;
  readonly to: string;
  readonly dryRun?: true;
  readonly verify?: true;
  readonly leaveWaiting?: true;
  readonly restart?: true;
}

/** `twinspan store migrate`. */
export function addStoreCommands(program: Command, io: CliIo): void {
  const store = program.command("store").description("look after where traces are kept");
  store
    .command("migrate")
    .description("move all experiments and traces from one store to another, or go on where that was stopped")
    .requiredOption("--from <store>", "where they are. No trace-writer may write there meanwhile")
    .requiredOption("--to <store>", "where they go. A trace-writer may use it already, once experiments are there")
    .addOption(new Option("--dry-run", "move nothing: say what there is on both sides").conflicts("verify"))
    .option("--verify", "move nothing: read every trace on both sides, and tell those that are not the same")
    .option("--leave-waiting", "move though something of the source still waits to be forwarded, which is given up")
    .option("--restart", "begin again, and not where it was stopped")
    .addHelpText("after", HELP)
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<MigrateOptions>();
      io.out(`${await showMove(startMove(requestOf(options, io), io), io)}\n`);
    });
}

const HELP = `
A <store> is sqlite, postgres or clickhouse, as the configuration has it (traceWriter.store); sqlite:<file>; or the .yaml file of another
configuration: the store that it uses. So passwords stay where they are.

What is moved reads the same: ids, full traces, mirrors and their links, claims, edited tags. It may be stopped, or killed, and goes on
where it was; run once more it changes nothing, and moves what is missing. docs/stores.md has it step by step.

Examples:
  twinspan store migrate --from sqlite --to postgres --dry-run
  twinspan store migrate --from sqlite:var/traces.db --to postgres
  twinspan store migrate --from sqlite:var/traces.db --to postgres --verify
  twinspan store migrate --from old.yaml --to new.yaml`;

function requestOf(options: MigrateOptions, io: CliIo): MoveRequest {
  const config = readConfig(options.config, io);
  const { sqlite } = config.traceWriter.store;
  return {
    task: options.dryRun ? "count" : options.verify ? "compare" : "move",
    source: storeNamed(options.from, "--from", config, io),
    target: storeNamed(options.to, "--to", config, io),
    destinations: Object.keys(config.traceWriter.destinations),
    leavesWaiting: options.leaveWaiting ?? false,
    stateDirectory: dirname(resolve(io.directory, sqlite.path)),
    restarts: options.restart ?? false,
  };
}
