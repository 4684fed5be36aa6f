import type { Registry } from "prom-client";
import type { ConfigSource } from "../config/config-source.ts";
import { ConfigError } from "../config/load.ts";
import { countReloads } from "../config/reload-metrics.ts";
import type { Config } from "../config/schema.ts";
import type { Logger } from "../logger.ts";
import type { Authority } from "./authority.ts";

/** Keeps an authority up to date. Disposing of it ends that. */
export interface WatchedRights extends Disposable {
  /** Reads the configuration again. Never throws. */
  reload(): void;
  /** Why the rights in the file are not those in use. Undefined: they are. */
  readonly trouble: string | undefined;
}

/**
 * Reads `auth` and `workspaces` again whenever the configuration changes: so keys come, and are revoked, without a restart. A
 * configuration with faults changes nothing. For services that reload little else: `onRead` takes that, of each configuration that is in use now.
 */
export function watchRights(
  source: ConfigSource,
  authority: Authority,
  registry: Registry,
  log: Logger,
  onRead: (config: Config) => void = () => {},
): WatchedRights {
  const reloaded = countReloads(registry);
  let trouble: string | undefined;
  const reload = () => {
    try {
      const config = source.read();
      authority.replace(config);
      onRead(config);
      trouble = undefined;
      reloaded("ok");
      log.info("keys and workspaces reloaded: most of what else changed needs a restart");
    } catch (error) {
      trouble = "the configuration has faults and is not in use; the one before is (see the log)";
      reloaded("failed");
      const message = error instanceof Error ? error.message : String(error);
      const faults = error instanceof ConfigError ? message.split("\n") : [message];
      log.warn({ faults }, "configuration not reloaded: the one before stays in use");
    }
  };
  const watch = source.watch(reload);
  return {
    reload,
    get trouble() {
      return trouble;
    },
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}
