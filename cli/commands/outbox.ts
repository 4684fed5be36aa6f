import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { outbox } from "#lib/config/sections/outbox.ts";
import type { DrainRequest } from "#lib/tasks/drain-task.ts";
import { readSections } from "../config-source.ts";
import { connectionSettingsOf } from "../connection.ts";
import { CliError, type CliIo } from "../io.ts";
import { leftTextOf } from "../outbox/left-text.ts";
import { showDrain } from "../outbox/show-drain.ts";
import { startDrain } from "../outbox/start-drain.ts";

interface DrainOptions {
  readonly config?: string;
  readonly target?: string;
  readonly patience: number;
}

const PATIENCE_SECONDS = 60;

/** `twinspan outbox show` and `twinspan outbox drain`. */
export function addOutboxCommands(program: Command, io: CliIo): void {
  const group = program.command("outbox").description("look after the outbox of a gateway that is gone");
  group
    .command("show")
    .description("say what an outbox holds: how much, since when, and what was in flight. Nothing is changed")
    .argument("<file>", "the outbox (gateway.outbox.path of the gateway that is gone)")
    .action(async (file: string) => {
      const options = { ...outbox.parse(undefined), path: resolve(io.directory, file) };
      io.out(`${await show(file, { task: "show", options, traceWriter: "" }, io)}\n`);
    });
  group
    .command("drain")
    .description("deliver what an outbox holds to the trace-writer, or go on where that was stopped")
    .argument("<file>", "the outbox (gateway.outbox.path of the gateway that is gone)")
    .option("--target <address>", "the trace-writer (default: `gateway.traceWriter` of the configuration)")
    .addOption(
      new Option("--patience <seconds>", "how long to go on while the trace-writer takes nothing")
        .argParser(secondsOf)
        .default(PATIENCE_SECONDS),
    )
    .addHelpText("after", HELP)
    .action(async (file: string, _: unknown, command: Command) => {
      const { patience } = command.optsWithGlobals<DrainOptions>();
      io.out(`${await showDrain(startDrain(requestOf(file, command, io), io), patience * 1000, io)}\n`);
    });
}

const HELP = `
A file that a gateway uses is refused: that gateway delivers it by itself. Calls that were in flight when its gateway ended are recorded
as interrupted, as they are when a gateway starts again. It may be stopped, or killed, and goes on where it was: nothing is stored twice.

It speaks to the trace-writer as the gateway of the configuration does (gateway.peerTls, gateway.traceWriterKey), unless --ca, --cert,
--key or $TWINSPAN_KEY say otherwise.

Examples:
  twinspan outbox show /var/lib/twinspan/outbox.db
  twinspan outbox drain /var/lib/twinspan/outbox.db
  twinspan outbox drain left/outbox.db --target trace-writer:7002`;

function requestOf(file: string, command: Command, io: CliIo): DrainRequest {
  const { config, target } = command.optsWithGlobals<DrainOptions>();
  const {
    target: traceWriter,
    tls,
    key,
  } = connectionSettingsOf(command, io, "gateway", (gateway) => ({
    target: gateway.traceWriter,
    tls: gateway.peerTls,
    key: gateway.traceWriterKey,
  }));
  // Who names the target may be where there is no configuration.
  const options = target === undefined ? readSections(config, io, ["gateway"]).gateway.outbox : outbox.parse(undefined);
  return {
    task: "drain",
    options: { ...options, path: resolve(io.directory, file) },
    traceWriter,
    tls,
    traceWriterKey: key,
  };
}

async function show(file: string, request: DrainRequest, io: CliIo): Promise<string> {
  for await (const event of startDrain(request, io)) {
    if (event.kind === "opened") return leftTextOf(file, event, Date.now());
    if (event.kind === "failed") throw new CliError(event.message);
  }
  throw new CliError("stopped");
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new InvalidArgumentError("must be a number of seconds, such as 60.");
}
