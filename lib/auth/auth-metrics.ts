import { Counter, type Registry } from "prom-client";
import type { Logger } from "../logger.ts";
import type { ServiceError } from "../service-error.ts";
import type { Identity } from "./identity.ts";
import { REFUSAL_REASONS, type RefusalReason, refusalReasonOf } from "./refusal.ts";

/** Hears of callers that are turned away. `at` is the method or the route. */
export type OnRefused = (error: ServiceError, at: string, identity: Identity | undefined) => void;

/** A reason is logged so often at the most; what comes in between is counted, and told with the next line. */
const LOG_EVERY_MS = 1000;

/** Counts refusals by reason, and logs them: where, whom as far as that is known, and never with what. */
export function observeRefusals(registry: Registry, log: Logger, nowMs: () => number = Date.now): OnRefused {
  const refused = new Counter({
    name: "twinspan_auth_refused_total",
    help: "Calls that were refused: no key (missing), one that is not known (unknown) or no longer valid (expired), a role or an endpoint that the key lacks.",
    labelNames: ["reason"],
    registers: [registry],
  });
  for (const reason of REFUSAL_REASONS) refused.inc({ reason }, 0);
  const logged = new Map<RefusalReason, { readonly atMs: number; unsaid: number }>();
  return (error, at, identity) => {
    const reason = refusalReasonOf(error);
    if (reason === undefined) {
      log.warn({ err: error.cause ?? error, at }, "a caller could not be checked");
      return;
    }
    refused.inc({ reason });
    const last = logged.get(reason);
    if (last !== undefined && nowMs() - last.atMs < LOG_EVERY_MS) {
      last.unsaid += 1;
      return;
    }
    logged.set(reason, { atMs: nowMs(), unsaid: 0 });
    log.warn(
      { reason, at, caller: identity?.name, workspace: identity?.workspace, unsaid: last?.unsaid || undefined },
      "a caller was refused",
    );
  };
}
