import type { ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";

/**
 * From the beginning of a drain on, answers say `connection: close`, so that clients open their next connection
 * elsewhere instead of finding this one closed under their next request. Connections whose answers began before are
 * left open until nothing is taken any more (`closing`): their clients were told that they may use them.
 */
export function sayGoodbye(app: FastifyInstance, draining: AbortSignal, closing: AbortSignal): void {
  const open = new Set<ServerResponse>();
  app.addHook("onRequest", (_request, { raw, responseEnd }, done) => {
    if (draining.aborted) raw.shouldKeepAlive = false;
    open.add(raw);
    responseEnd.tell(() => {
      open.delete(raw);
      if (closing.aborted) setImmediate(() => app.server.closeIdleConnections());
    });
    done();
  });
  draining.addEventListener("abort", () => {
    for (const response of open) response.shouldKeepAlive = false;
  });
}
