import { once } from "node:events";
import type { Command } from "commander";
import type { Config } from "#lib/config/schema.ts";
import { configFileOf, readConfig } from "../config-source.ts";
import { CliError, type CliIo } from "../io.ts";
import { checkMachine } from "../up/checks.ts";
import { runDemo } from "../up/demo.ts";
import { nextStepsOf } from "../up/next-steps.ts";
import { addressesOf, startSystem } from "../up/start-system.ts";

/** `twinspan up`: everything on this machine, one call through it, and both its traces. */
export function addUpCommand(program: Command, io: CliIo): void {
  program
    .command("up")
    .description("start everything on this machine, let an agent call it once, show both traces, serve until Ctrl-C")
    .option("--once", "end after the demonstration")
    .addHelpText("after", "\nIts services log to var/log/, and store to what the configuration says.")
    .action(async (options: { once?: true }, command: Command) => {
      const given = command.optsWithGlobals<{ config?: string }>().config;
      const config = readConfig(given, io);
      if (config.ingress.tls !== undefined) {
        throw new CliError(
          "up is for trying on one machine: its agent speaks HTTP, and need not trust the certificate of ingress.tls. Give it a file without ingress.tls (--config), or start each service by itself, as docs/operations.md says.",
        );
      }
      io.out(`${await checkMachine(io.directory, addressesOf(config))}\n`);
      const ended = await serve(config, configFileOf(given, io), options.once ?? false, io).catch((error: unknown) => {
        // Ctrl-C while it starts is no failure, whatever it interrupts.
        if (io.stop.aborted) return undefined;
        throw error;
      });
      if (ended !== undefined) throw ended;
      io.out("\nstopped\n");
    });
}

/** Serves until the user ends it. Returns why it ended before that, if it did. */
async function serve(config: Config, configFile: string, once_: boolean, io: CliIo): Promise<Error | undefined> {
  await using system = await startSystem(config, configFile, io);
  const isShut = typeof config.auth === "object" && !io.environment["TWINSPAN_KEY"];
  if (isShut) io.out(`\n${KEY_WANTED}\n`);
  else if (config.endpoints.some(({ name }) => name === "demo")) {
    const shown = await Promise.race([runDemo(config, io), system.died]);
    if (shown instanceof Error) return shown;
    io.out(`\n${shown}\n`);
  }
  io.out(`\n${nextStepsOf(config)}\n`);
  if (once_ || io.stop.aborted) return undefined;
  // Awaited here: the system is disposed of when this function ends.
  return await Promise.race([system.died, once(io.stop, "abort").then(() => undefined)]);
}

const KEY_WANTED = `Keys are on. For the demonstration set TWINSPAN_KEY to one that may invoke, write and read. This makes one:
  bin/twinspan key new --name me --role invoke --role write-traces --role read-payloads`;
