import type { Command } from "commander";
import { stringify } from "yaml";
import type { Config } from "#lib/config/schema.ts";
import { certificateFaultsOf } from "#lib/tls/configured-certificates.ts";
import { configFileOf, readConfig, shownFileOf } from "../config-source.ts";
import { endpointWordsOf } from "../endpoint-words.ts";
import { CliError, type CliIo } from "../io.ts";
import { maskedOf } from "../masked.ts";

/**
 * `twinspan check [file]`: all faults of a configuration, each with its line and column, then those of its
 * certificates' files.
 */
export function addCheckCommand(program: Command, io: CliIo): void {
  program
    .command("check [file]")
    .description("check the configuration: every fault with its line and column, and status 1 when there is one")
    .option("--print", "print it with every default filled in, secrets masked")
    .addHelpText(
      "after",
      "\nExamples:\n  twinspan check\n  twinspan check deploy/twinspan.yaml --print\n\ndocs/configuration.md describes every setting.",
    )
    .action((file: string | undefined, options: { print?: true }, command: Command) => {
      const given = file ?? command.optsWithGlobals<{ config?: string }>().config;
      const config = readConfig(given, io);
      const faults = certificateFaultsOf(config);
      if (faults.length > 0) throw new CliError(faults.join("\n"));
      if (options.print) io.out(stringify(maskedOf(config)));
      else io.out(`${shownFileOf(configFileOf(given, io), io)} is right: ${contentOf(config)}\n`);
    });
}

function contentOf(config: Config): string {
  const { endpoints, providers } = config;
  if (endpoints.length === 0) return "no endpoints yet, so there is nothing to call";
  return `${endpoints.length} endpoints (${endpointWordsOf(config)}), ${Object.keys(providers).length} providers`;
}
