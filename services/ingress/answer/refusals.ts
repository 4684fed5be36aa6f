import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "#lib/logger.ts";
import { ServiceError, serviceErrorOf } from "#lib/service-error.ts";
import { pathOf } from "../core/address.ts";
import { printable } from "../core/content.ts";
import { errorDialectOf, openAiError } from "../core/error-dialects.ts";
import { HttpRefusal, statusOf } from "../core/http-refusal.ts";
import type { IngressMetrics } from "../metrics.ts";
import { sendError } from "./send-error.ts";

/** Answers everything that is thrown, and every unknown path, in the dialect of the path it came for. */
export function answerFailures(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((thrown: FastifyError, request, reply) => answerFailure(thrown, request, reply, log));
  app.setNotFoundHandler((request) => {
    const asked = `${request.method} ${printable(pathOf(request.url))}`;
    throw new HttpRefusal("unknown_url", `There is nothing at ${asked}. GET / says what there is.`);
  });
}

/** Answers one failure, in the dialect of the path it came for. What is a bug is logged whole. */
export function answerFailure(thrown: FastifyError, request: FastifyRequest, reply: FastifyReply, log: Logger): void {
  const error = failureOf(thrown);
  if (error.kind === "internal") log.error({ err: error.cause ?? error, requestId: request.id }, "request failed");
  reply.hijack();
  if (reply.raw.headersSent) reply.raw.destroy();
  else sendError(reply.raw, dialectOf(request), error, ["x-request-id", request.id]);
}

/**
 * Answers 405, with `Allow`, to the methods that a path does not take. It sees the routes that are added after this
 * call; the function it returns, called when all are there, adds the refusals.
 */
export function refuseOtherMethods(app: FastifyInstance): () => void {
  const takenAt = new Map<string, Set<string>>();
  app.addHook("onRoute", ({ url, method }) => {
    const taken = takenAt.get(url) ?? new Set();
    for (const name of [method].flat()) taken.add(name);
    takenAt.set(url, taken);
  });
  return () => {
    for (const [url, taken] of Array.from(takenAt)) {
      const allow = Array.from(taken).join(", ");
      app.route({
        url,
        method: app.supportedMethods.filter((method) => !taken.has(method)),
        exposeHeadRoute: false,
        config: { isRefusal: true },
        handler: ({ method }) => {
          throw new HttpRefusal("method_not_allowed", `${method} is not taken here. Use ${allow}.`, allow);
        },
      });
    }
  };
}

/** Answers what is not HTTP, or too much of it, on the bare socket: no route has seen it, so it speaks OpenAI's dialect. */
export function refuseOnSocket(error: Error & { code?: string }, socket: Socket, metrics: IngressMetrics): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = socketRefusalOf(error.code);
  const status = statusOf(refusal);
  const { contentType, body } = openAiError(refusal);
  metrics.requests.inc({ route: "unknown", status });
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nx-request-id: ${randomUUID()}\r\ncontent-type: ${contentType}\r\n` +
      `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body.toString()}`,
  );
}

function socketRefusalOf(code: string | undefined): ServiceError {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new HttpRefusal(
        "headers_too_large",
        "The headers are larger than ingress.limits.headerBytesMax. Send fewer, or shorter ones.",
      );
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new HttpRefusal("request_timeout", "The request did not come to its end in time. Send it again.");
    default:
      return new ServiceError("invalid_request", "This is not HTTP/1.1.");
  }
}

/** What Fastify refuses by itself is the caller's fault; all else is told as it is, or is a bug. */
function failureOf(thrown: FastifyError): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const status = thrown.statusCode ?? 500;
  if (status >= 400 && status < 500) return new ServiceError("invalid_request", thrown.message, { cause: thrown });
  return serviceErrorOf(thrown);
}

function dialectOf(request: FastifyRequest) {
  return errorDialectOf(pathOf(request.url), request.headers);
}
