import { checkHealth } from "#lib/rpc/check-health.ts";
import type { Readiness } from "#lib/service-report.ts";
import type { Peers } from "./peers.ts";

/** How long a service may take to say how it is. */
const CHECK_MS = 1000;
/** The gateway's word on whether it can record (the outbox, its way to the trace-writer). */
const TRACING = "twinspan.tracing";

/**
 * Whether the ingress can take calls: when the gateway can. A trace-writer that is away costs no call, since the outbox
 * keeps what it cannot take, so that is `degraded` and no more.
 */
export async function checkReadiness({ gateway, reader, invocations }: Peers): Promise<Readiness> {
  const [calls, tracing, traces] = await Promise.all([
    checkHealth(gateway, "", CHECK_MS),
    checkHealth(gateway, TRACING, CHECK_MS),
    checkHealth(reader, "", CHECK_MS),
  ]);
  const degraded: string[] = [];
  if (calls !== "serving") degraded.push(`the gateway is ${calls}: no call can be made`);
  else if (!invocations.isOpen) degraded.push("no stream to the gateway is open: no call can be made");
  if (tracing === "not serving") degraded.push("tracing degraded: the gateway's outbox has trouble; see its /readyz");
  if (traces !== "serving") degraded.push(`tracing degraded: the trace-writer is ${traces}; traces wait in the outbox`);
  return { ready: calls === "serving" && invocations.isOpen, degraded };
}
