import type { FastifyInstance } from "fastify";
import type { Readiness } from "#lib/service-report.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { checkReadiness } from "../peers/readiness.ts";

const NOT_READY = { ready: false, degraded: ["draining"] };

/**
 * What operators ask: `/healthz` (the process lives), `/readyz` (it can take calls; what is degraded), `/metrics`, the
 * latter two over all workers. Questions about readiness that come together share one answer, so that many probes cost
 * as much as one.
 */
export function routeOperations(
  app: FastifyInstance,
  { metrics, peers, certificates, load, draining, link }: IngressParts,
): void {
  let asking: Promise<Readiness> | undefined;
  const askOnce = () => {
    asking ??= checkReadiness(peers).finally(() => {
      asking = undefined;
    });
    return asking;
  };

  const report = link.reportOf(metrics.registry, async () => {
    const { ready, degraded } = draining.aborted ? NOT_READY : await askOnce();
    const told = [...degraded, load.admission.trouble, ...certificates.troubles];
    return { ready, degraded: told.filter((words) => words !== undefined) };
  });

  app.get("/healthz", () => ({ status: "ok" }));

  app.get("/readyz", async (_request, reply) => {
    const { ready, degraded } = await report.readiness();
    return reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "not ready", degraded });
  });

  app.get("/metrics", async (_request, reply) => reply.type(report.contentType).send(await report.metrics()));
}
