import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { IngressParts } from "../ingress-parts.ts";

/** The status under which a request is counted whose client hung up before there was one. */
const HUNG_UP = 499;

type Observers = Pick<IngressParts, "metrics" | "access">;

/**
 * Counts every request when its connection is done with it, however that ends, and tells the access log: ids, route,
 * status and time, no header and no payload.
 */
export function observeRequests(app: FastifyInstance, observers: Observers): void {
  app.decorateRequest("traceName", "");
  app.addHook("onRequest", (request, reply, done) => {
    const startedMs = performance.now();
    observers.metrics.inFlight.inc();
    reply.responseEnd.tell(() => observe(request, reply, performance.now() - startedMs, observers));
    done();
  });
  app.addHook("onSend", (request, reply, _payload, done) => {
    reply.header("x-request-id", request.id);
    done();
  });
}

function observe(request: FastifyRequest, { raw }: FastifyReply, ms: number, { metrics, access }: Observers): void {
  const { config, url = "unknown" } = request.routeOptions;
  const route = config.countedAs ?? url;
  const status = raw.headersSent ? raw.statusCode : HUNG_UP;
  const isCut = !raw.writableFinished;
  metrics.inFlight.dec();
  metrics.requests.inc({ route, status });
  metrics.durations.observe({ route }, ms / 1000);
  if (isCut) metrics.cancelled.inc({ route });
  access({
    id: request.id,
    isFailed: isCut || status >= 400,
    facts: () => ({
      requestId: request.id,
      traceId: request.traceName || undefined,
      route,
      status,
      isCut: isCut || undefined,
      ms: Math.round(ms),
    }),
  });
}
