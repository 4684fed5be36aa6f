import { context, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import type { FastifyInstance, FastifyRequest, HTTPMethods } from "fastify";
import { withOwnSpanOf } from "#lib/own-traces/own-span.ts";
import { ServiceError } from "#lib/service-error.ts";
import type { Dialect, Target } from "#proto/twinspan/gateway/v1/invocation.ts";
import { relayAnswer } from "../answer/relay-answer.ts";
import { watchSlowReader } from "../answer/slow-reader.ts";
import type { HeldBody } from "../body/body-budget.ts";
import { readPieces } from "../body/read-body.ts";
import { invocationMetadataOf } from "../core/call-metadata.ts";
import { requireJson, requirePlain } from "../core/content.ts";
import { credentialsOf, dialectHeadersOf } from "../core/invocation-headers.ts";
import type { AnswerListener } from "../core/invocations.ts";
import { rawHeadersGetter } from "../core/raw-headers.ts";
import type { StreamErrors } from "../core/stream-errors.ts";
import type { IngressParts } from "../ingress-parts.ts";

/** A path of the ingress that invokes endpoints. */
export interface InvocationRoute {
  /** The path, in Fastify's words. */
  readonly path: string;
  /** The methods it takes. */
  readonly methods: readonly HTTPMethods[];
  /** What the body must be: JSON and something of it, or whatever it is. */
  readonly body: "json" | "any";
  /** How a stream that the gateway could not end tells why. */
  readonly streamErrors: StreamErrors;
  /** What a request to it names: the dialect, and the endpoint and target where the path has them. */
  read(request: FastifyRequest): InvocationAddress;
}

/** What is named in a request's address. */
export interface InvocationAddress {
  readonly dialect: Dialect;
  /** Empty: the body names it. */
  readonly endpoint: string;
  readonly target: Target | undefined;
}

/**
 * A route whose body goes on to the gateway as bytes, and whose answer comes back as bytes; the caller's trace context
 * goes along.
 */
export function routeInvocations(app: FastifyInstance, parts: IngressParts, route: InvocationRoute): void {
  const { config, authority, peers, metrics, bodies } = parts;
  const { requestBytesMax, callMs, stallMs } = config.limits;
  const onDropped = (header: string) => metrics.droppedHeaders.inc({ header });
  // Made here: what is made beside `begin` keeps what `begin` keeps, and this is kept until the response is closed.
  const onCut = () => metrics.stalled.inc();

  app.route({
    url: route.path,
    method: [...route.methods],
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const address = route.read(request);
      if (route.body === "json") requireJson(request.headers);
      requirePlain(request.headers);
      const held = bodies.hold(reply);
      const body = await readPieces(request.raw, held, requestBytesMax, "ingress.limits.requestBytesMax");
      if (route.body === "json" && body.bytes === 0) {
        throw new ServiceError("invalid_request", "The body is empty. Send a JSON object.");
      }
      const metadata = invocationMetadataOf(request, onDropped);
      const headers = dialectHeadersOf(request.headers, route.body === "any");
      const credentials = credentialsOf(request.headers, request.url).filter(({ value }) => !authority.isOurs(value));
      const invocation = { ...address, headers, credentials };
      const said = propagation.extract(ROOT_CONTEXT, request.raw.rawHeaders, rawHeadersGetter);
      const caller = withOwnSpanOf(said, context.active());
      const deadline = Date.now() + callMs;
      reply.hijack();
      const slow = watchSlowReader(reply, stallMs, onCut);
      const begin = (listener: AnswerListener) =>
        peers.invocations.begin({ invocation, body, metadata, caller, deadline }, releasing(held, listener));
      relayAnswer(begin, request, reply, route.streamErrors, slow);
    },
  });
}

/**
 * Tells `listener`, and lets go of the body once the gateway answers: it has the whole request then. Keeps no hold of
 * it itself.
 */
function releasing(held: HeldBody, listener: AnswerListener): AnswerListener {
  return {
    ...listener,
    onMetadata(leading) {
      held.release();
      listener.onMetadata(leading);
    },
  };
}
