import type { FastifyInstance } from "fastify";
import type { Admission } from "#lib/load/admission.ts";
import { HttpRefusal } from "../core/http-refusal.ts";

/** What operators ask, also of an ingress that has too much to do. */
const ALWAYS: ReadonlySet<string> = new Set(["/healthz", "/readyz", "/metrics"]);

/**
 * Turns requests away that the ingress cannot take on now, when their head has come and nothing of their body is read;
 * and those of more than `headersMax` headers. Must come before whatever costs something.
 */
export function shedLoad(app: FastifyInstance, admission: Admission, headersMax: number): void {
  // Node would drop what is beyond its own number of headers, without a word.
  app.server.maxHeadersCount = 0;
  app.addHook("onRequest", (request, reply, done) => {
    if (ALWAYS.has(request.routeOptions.url ?? "")) return done();
    const headers = request.raw.rawHeaders.length / 2;
    if (headers > headersMax) {
      const message = `The request has ${headers} headers, and ${headersMax} are taken (ingress.limits.headersMax). Send fewer.`;
      return done(new HttpRefusal("headers_too_large", message));
    }
    try {
      const turn = admission.enter();
      reply.responseEnd.tell(() => turn[Symbol.dispose]());
      return done();
    } catch (error) {
      return done(error instanceof Error ? error : new Error(String(error)));
    }
  });
}
