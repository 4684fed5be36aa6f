import type { Registry } from "prom-client";
import type { Logger } from "../logger.ts";
import { changedSettings } from "./changed-settings.ts";
import type { ConfigSource } from "./config-source.ts";
import { ConfigError } from "./load.ts";
import { countReloads } from "./reload-metrics.ts";
import type { Config } from "./schema.ts";

/** Takes changes of the configuration while a service runs. */
export interface Reloading {
  /**
   * Reads the configuration again, and takes of it what may change, all or nothing: one with faults leaves everything
   * as it is. Never throws; the log and the metrics say what came of it.
   */
  reload(): void;
  /** The configuration in use. */
  readonly inUse: Config;
  /** Why the configuration in the file is not the one in use. Undefined: it is. */
  readonly trouble: string | undefined;
}

/** What a service reloads, and how. */
export interface ReloadingParts {
  readonly source: ConfigSource;
  /** What the service was started with. */
  readonly config: Config;
  /**
   * Takes another configuration than the one in use, `before`, and returns what it changed, for the log: no values.
   * Throws an Error, and has changed nothing, where it cannot.
   */
  apply(next: Config, before: Config): object;
  /** The settings that the service has, but takes at its start only. */
  startOnly(config: Config): object;
  readonly registry: Registry;
  readonly log: Logger;
}

/** Makes it. Nothing is read before it is asked. */
export function createReloading({ source, config, apply, startOnly, registry, log }: ReloadingParts): Reloading {
  const count = countReloads(registry);
  let inUse = config;
  let trouble: string | undefined;
  return {
    get inUse() {
      return inUse;
    },
    get trouble() {
      return trouble;
    },
    reload() {
      try {
        const next = source.read();
        const changes = apply(next, inUse);
        const rightsChanged = changedSettings(rightsIn(inUse), rightsIn(next)).length > 0;
        const needsRestart = changedSettings(startOnly(config), startOnly(next));
        inUse = next;
        trouble = undefined;
        count("ok");
        log.info({ ...changes, rightsChanged, needsRestart }, "configuration reloaded");
      } catch (error) {
        trouble = "the configuration has faults and is not in use; the one before is (see the log)";
        count("failed");
        log.warn({ faults: faultsOf(error) }, "configuration not reloaded: the one before stays in use");
      }
    },
  };
}

/** What every service takes. */
function rightsIn({ auth, workspaces }: Config): object {
  return { auth, workspaces };
}

function faultsOf(error: unknown): readonly string[] {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof ConfigError ? message.split("\n") : [message];
}
