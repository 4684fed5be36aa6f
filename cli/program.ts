import { Command, CommanderError } from "commander";
import { ConfigError, ConfigFileError } from "#lib/config/load.ts";
import { ServiceError } from "#lib/service-error.ts";
import about from "../package.json" with { type: "json" };
import { addCheckCommand } from "./commands/check.ts";
import { addExperimentCommands } from "./commands/experiment.ts";
import { addKeyCommands } from "./commands/key.ts";
import { addOutboxCommands } from "./commands/outbox.ts";
import { addRpcCommand } from "./commands/rpc.ts";
import { addStoreCommands } from "./commands/store.ts";
import { addTraceCommands } from "./commands/trace.ts";
import { addUpCommand } from "./commands/up.ts";
import { addConnectionOptions } from "./connection.ts";
import { CliError, type CliIo } from "./io.ts";

/** Runs the command line. Returns the exit status: 0, or 1 after one line on standard error that says what to do. */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  const program = createProgram(io);
  try {
    await program.parseAsync(args.length === 0 ? ["help"] : [...args], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    io.err(`${messageOf(error)}\n`);
    return 1;
  }
}

function createProgram(io: CliIo): Command {
  const program = new Command("twinspan")
    .description(
      "One gateway call, twin traces: the full one for the platform team, a payload-free mirror for the agent.",
    )
    .version(about.version)
    .option("--config <file>", "the configuration (default: $TWINSPAN_CONFIG, else twinspan.yaml)");
  addConnectionOptions(program);
  program.helpCommand("help [command]", "say more about a command").addHelpText("after", EXAMPLES);
  addUpCommand(program, io);
  addCheckCommand(program, io);
  addKeyCommands(program, io);
  addStoreCommands(program, io);
  addOutboxCommands(program, io);
  addTraceCommands(program, io);
  addExperimentCommands(program, io);
  addRpcCommand(program, io);
  catchExits(program, io);
  return program;
}

/** Commander ends the process by itself, unless every command is told not to. */
function catchExits(command: Command, io: CliIo): void {
  command
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .showHelpAfterError("(--help says more)");
  for (const inner of command.commands) catchExits(inner, io);
}

function messageOf(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof ServiceError && error.kind === "unauthenticated")
    return `twinspan: ${error.message} ${KEY_HERE}`;
  const isTold = error instanceof CliError || error instanceof ConfigFileError || error instanceof ServiceError;
  if (isTold) return `twinspan: ${error.message}`;
  // A bug of ours, or of the machine's: whoever reports it needs all of it.
  return error instanceof Error ? `twinspan: ${error.stack ?? error.message}` : `twinspan: ${String(error)}`;
}

const KEY_HERE = "Commands take it from TWINSPAN_KEY, or --key.";

const EXAMPLES = `
Examples:
  twinspan up                                   start everything on this machine
  twinspan check                                is twinspan.yaml right?
  twinspan key new --name agents --role invoke --role write-traces
  twinspan trace list --experiment gateway/demo the newest full traces of an endpoint
  twinspan trace show tr-0af7651916cd43dd8448eb211c80319c
  twinspan trace totals --by model --since 30d  what calls cost
  twinspan trace export --experiment gateway/demo --out demo.jsonl
  twinspan experiment retain gateway/demo --age 30d
  twinspan store migrate --from sqlite --to postgres
  twinspan outbox drain left/outbox.db          deliver what a gateway that is gone has left
  twinspan rpc twinspan.gateway.v1.EndpointService/ListEndpoints '{}'
`;
