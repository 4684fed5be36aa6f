import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "#lib/logger.ts";
import type { IngressMetrics } from "./metrics.ts";

/** The status under which a request is counted whose client hung up before there was one. */
const HUNG_UP = 499;

/**
 * Counts every request when its connection is done with it, however that ends, and writes a line at level debug: ids,
 * route, status and time, no header and no payload.
 */
export function observeRequests(app: FastifyInstance, metrics: IngressMetrics, log: Logger): void {
  app.decorateRequest("traceName", "");
  app.addHook("onRequest", (request, reply, done) => {
    const startedMs = performance.now();
    metrics.inFlight.inc();
    reply.raw.once("close", () => observe(request, reply, performance.now() - startedMs, metrics, log));
    done();
  });
  app.addHook("onSend", (request, reply, _payload, done) => {
    reply.header("x-request-id", request.id);
    done();
  });
}

function observe(
  request: FastifyRequest,
  { raw }: FastifyReply,
  ms: number,
  metrics: IngressMetrics,
  log: Logger,
): void {
  const { config, url = "unknown" } = request.routeOptions;
  const route = config.countedAs ?? url;
  const status = raw.headersSent ? raw.statusCode : HUNG_UP;
  metrics.inFlight.dec();
  metrics.requests.inc({ route, status });
  metrics.durations.observe({ route }, ms / 1000);
  if (!raw.writableFinished) metrics.cancelled.inc({ route });
  log.debug({ requestId: request.id, traceId: request.traceName, route, status, ms: Math.round(ms) }, "request");
}
