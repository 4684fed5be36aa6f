import { resolve } from "node:path";
import type { Config } from "#lib/config/schema.ts";
import { readConfig } from "../config-source.ts";
import { CliError, type CliIo } from "../io.ts";

/** What of a configuration says where a store is. */
export type StoreSettings = Pick<Config["traceWriter"], "store" | "limits">;

const FILE = /^sqlite:(.+)$/;
const CONFIG = /\.ya?ml$/;

/**
 * The store that a name means: `sqlite`, `postgres` or `clickhouse`, as the configuration has it; `sqlite:<file>`; or
 * another configuration's file: the store that it uses. So no password stands on the command line.
 */
export function storeNamed(name: string, option: string, config: Config, io: CliIo): StoreSettings {
  if (CONFIG.test(name)) return placed(readConfig(name, io).traceWriter, io);
  const [, path] = FILE.exec(name) ?? [];
  const { store, limits } = config.traceWriter;
  if (path !== undefined)
    return placed({ store: { ...store, use: "sqlite", sqlite: { ...store.sqlite, path } }, limits }, io);
  switch (name) {
    case "sqlite":
      return placed({ store: { ...store, use: name }, limits }, io);
    case "postgres":
    case "clickhouse":
      if (store[name].url === undefined) {
        throw new CliError(`${option} ${name}: traceWriter.store.${name}.url is missing. It must say where it is.`);
      }
      return { store: { ...store, use: name }, limits };
    default:
      throw new CliError(
        `${option} ${name}: must be sqlite, postgres, clickhouse, sqlite:<file> or a configuration's .yaml file.`,
      );
  }
}

/** Paths are relative to where the command is given. */
function placed({ store, limits }: StoreSettings, { directory }: CliIo): StoreSettings {
  return { store: { ...store, sqlite: { ...store.sqlite, path: resolve(directory, store.sqlite.path) } }, limits };
}
