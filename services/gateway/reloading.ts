import { changedSettings } from "#lib/config/changed-settings.ts";
import type { ReloadingParts } from "#lib/config/reloading.ts";
import type { Config } from "#lib/config/schema.ts";
import type { OpenedGateway } from "./open-gateway.ts";

/**
 * What the gateway takes of another configuration while it runs: `providers`, `endpoints`, `redaction`, `auth`,
 * `workspaces` and `limits.rules`. Its endpoints come first: they alone can fail, and then nothing is taken. Its own
 * settings stay as in `config`.
 */
export function reloadingOf(
  { gateway, authority }: OpenedGateway,
  config: Config,
): Pick<ReloadingParts, "apply" | "startOnly"> {
  return {
    apply(next, before) {
      const changes = gateway.endpoints.replace({ ...next, gateway: config.gateway });
      authority.replace(next);
      gateway.allowances.follow(next.limits.rules);
      return {
        ...changes,
        redactionChanged: changedSettings(before.redaction, next.redaction).length > 0,
        limitsChanged: changedSettings(before.limits.rules, next.limits.rules).length > 0,
      };
    },
    startOnly({ providers: _, endpoints: _e, redaction: _r, auth: _a, workspaces: _w, limits, ...fixed }) {
      const { rules: _rules, ...fixedLimits } = limits;
      return { ...fixed, limits: fixedLimits };
    },
  };
}
