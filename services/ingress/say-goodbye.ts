import type { ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";

/**
 * From the beginning of a drain on, every answer says `connection: close`, so that clients open their next connection elsewhere
 * instead of finding this one closed under their next request.
 */
export function sayGoodbye(app: FastifyInstance, draining: AbortSignal): void {
  const open = new Set<ServerResponse>();
  app.addHook("onRequest", (_request, { raw }, done) => {
    if (draining.aborted) raw.shouldKeepAlive = false;
    open.add(raw);
    raw.once("close", () => open.delete(raw));
    done();
  });
  draining.addEventListener("abort", () => {
    for (const response of open) response.shouldKeepAlive = false;
  });
  // An answer whose head was out before is the last on its connection, too.
  app.addHook("onResponse", (_request, _reply, done) => {
    if (draining.aborted) setImmediate(() => app.server.closeIdleConnections());
    done();
  });
}
