import { context, SpanStatusCode } from "@opentelemetry/api";
import type { FastifyInstance } from "fastify";
import { withOwnSpan } from "#lib/own-traces/own-span.ts";
import type { OwnTraces } from "#lib/own-traces/own-traces.ts";
import { parseTraceParent } from "#lib/trace-context/traceparent.ts";

/** No spans of these: probes and scrapes tell nothing, and exported traces would be traced without end. */
const LEFT_OUT: ReadonlySet<string> = new Set(["/healthz", "/readyz", "/metrics", "/v1/traces"]);

/** Makes an own span of each request, which all that is done for it hangs under. It begins a trace, whatever the client sent. */
export function traceRequests(app: FastifyInstance, traces: OwnTraces): void {
  app.addHook("onRequest", (request, reply, done) => {
    const { url: route = "unknown" } = request.routeOptions;
    if (LEFT_OUT.has(route)) {
      done();
      return;
    }
    const { traceparent } = request.headers;
    const span = traces.begin({
      name: `${request.method} ${route}`,
      kind: "server",
      parent: undefined,
      caller: typeof traceparent === "string" ? parseTraceParent(traceparent) : undefined,
      attributes: { "http.request.method": request.method, "http.route": route },
    });
    reply.responseEnd.tell(() => {
      if (reply.raw.headersSent) span.setAttribute("http.response.status_code", reply.raw.statusCode);
      if (reply.raw.headersSent && reply.raw.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    context.with(withOwnSpan(context.active(), span.spanContext()), done);
  });
}
