import type { Authority } from "#lib/auth/authority.ts";
import { changedSettings } from "#lib/config/changed-settings.ts";
import type { ConfigSource } from "#lib/config/config-source.ts";
import { ConfigError } from "#lib/config/load.ts";
import type { Config } from "#lib/config/schema.ts";
import type { Logger } from "#lib/logger.ts";
import type { LiveEndpoints } from "./endpoints/live-endpoints.ts";
import type { Allowances } from "./limits/allowances.ts";
import type { GatewayMetrics } from "./metrics/gateway-metrics.ts";

/** Takes changes of the configuration while the gateway runs. */
export interface Reloading {
  /**
   * Reads the configuration again. `providers`, `endpoints`, `redaction`, `auth`, `workspaces` and `limits.rules` take effect,
   * all or nothing: one with faults leaves everything as it is. Never throws; the log and the metrics say what came of it.
   */
  reload(): void;
  /** Why the configuration in the file is not the one in use. Undefined: it is. */
  readonly trouble: string | undefined;
}

/** What reloading works on. `config` is what the gateway was started with. */
export interface ReloadingParts {
  readonly source: ConfigSource;
  readonly config: Config;
  readonly endpoints: LiveEndpoints;
  readonly authority: Authority;
  readonly allowances: Allowances;
  readonly metrics: GatewayMetrics;
  readonly log: Logger;
}

/** Makes it. Nothing happens before it is asked. */
export function createReloading(parts: ReloadingParts): Reloading {
  const { source, config, endpoints, authority, allowances, metrics, log } = parts;
  let inUse = config;
  let trouble: string | undefined;
  return {
    get trouble() {
      return trouble;
    },
    reload() {
      try {
        const next = source.read();
        const changes = endpoints.replace({ ...next, gateway: config.gateway });
        authority.replace(next);
        allowances.follow(next.limits.rules);
        const redactionChanged = changedSettings(inUse.redaction, next.redaction).length > 0;
        const rightsChanged = changedSettings(rightsIn(inUse), rightsIn(next)).length > 0;
        const limitsChanged = changedSettings(inUse.limits.rules, next.limits.rules).length > 0;
        const needsRestart = changedSettings(fixedIn(config), fixedIn(next));
        inUse = next;
        trouble = undefined;
        metrics.configReloaded("ok");
        const changed = { redactionChanged, rightsChanged, limitsChanged };
        log.info({ ...changes, ...changed, needsRestart }, "configuration reloaded");
      } catch (error) {
        trouble = "the configuration has faults and is not in use; the one before is (see the log)";
        metrics.configReloaded("failed");
        log.warn({ faults: faultsOf(error) }, "configuration not reloaded: the one before stays in use");
      }
    },
  };
}

/** The settings that only a start takes. */
function fixedIn(config: Config): object {
  const { providers: _, endpoints: _e, redaction: _r, auth: _a, workspaces: _w, limits, ...fixed } = config;
  const { rules: _rules, ...fixedLimits } = limits;
  return { ...fixed, limits: fixedLimits };
}

function rightsIn({ auth, workspaces }: Config): object {
  return { auth, workspaces };
}

function faultsOf(error: unknown): readonly string[] {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof ConfigError ? message.split("\n") : [message];
}
