import { type Environment, loadConfig } from "./load.ts";
import type { Config } from "./schema.ts";
import { watchFiles } from "./watch-files.ts";

/** Where a configuration comes from, now and again. */
export interface ConfigSource {
  /** Reads and checks it. Throws a ConfigError with all faults at once, or a ConfigFileError. */
  read(): Config;
  /** Calls `onChange` when the file has changed, or a file with a provider's key, until it is disposed of. */
  watch(onChange: () => void): Disposable;
}

/** A configuration that stays as it is. */
export function fixedConfigSource(config: Config): ConfigSource {
  return { read: () => config, watch: () => ({ [Symbol.dispose]() {} }) };
}

/** The configuration in a file, with references to the variables of an environment. */
export function configSourceOf(file: string, environment: Environment, lookMs?: number): ConfigSource {
  let keyFiles: readonly string[] = [];
  return {
    read() {
      const config = loadConfig(file, environment);
      keyFiles = Object.values(config.providers)
        .flatMap(({ apiKeyFile, serviceAccountFile }) => [apiKeyFile, serviceAccountFile])
        .filter((named) => named !== undefined);
      return config;
    },
    watch: (onChange) => watchFiles(() => [file, ...keyFiles], onChange, lookMs),
  };
}
