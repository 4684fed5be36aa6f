import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { loadConfig, loadSections } from "#lib/config/load.ts";
import type { Config } from "#lib/config/schema.ts";
import type { CliIo } from "./io.ts";

/** Twinspan's own directory. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * The configuration file that is meant: the one given, else $TWINSPAN_CONFIG, else `twinspan.yaml` here, else the one
 * that came with twinspan.
 */
export function configFileOf(given: string | undefined, io: CliIo): string {
  const named = given ?? io.environment["TWINSPAN_CONFIG"];
  if (named !== undefined && named !== "") return resolve(io.directory, named);
  const here = join(io.directory, "twinspan.yaml");
  return existsSync(here) ? here : join(ROOT, "twinspan.yaml");
}

/** Reads it. Throws a ConfigError with every fault, named by the path as seen from here. */
export function readConfig(given: string | undefined, io: CliIo): Config {
  return loadConfig(shownFileOf(configFileOf(given, io), io), io.environment);
}

/** Reads some sections of it, and passes the others over: who asks a service need not have the secrets of those that serve. */
export function readSections<S extends keyof Config>(
  given: string | undefined,
  io: CliIo,
  sections: readonly S[],
): Pick<Config, S> {
  return loadSections(shownFileOf(configFileOf(given, io), io), io.environment, sections);
}

/** The shorter of the two ways to name a file. */
export function shownFileOf(file: string, io: CliIo): string {
  if (io.directory !== process.cwd()) return file;
  const fromHere = relative(io.directory, file);
  return fromHere === "" || fromHere.startsWith("..") ? file : fromHere;
}
