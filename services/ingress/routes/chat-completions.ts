import { context, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import type { FastifyInstance } from "fastify";
import { ServiceError } from "#lib/service-error.ts";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { invocationMetadataOf } from "../core/call-metadata.ts";
import { requireJson, requirePlain } from "../core/content.ts";
import { rawHeadersGetter } from "../core/raw-headers.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { readBody } from "../read-body.ts";
import { relayAnswer } from "../relay-answer.ts";

/**
 * `POST /v1/chat/completions`: OpenAI's chat completions, streaming or not, `model` being an endpoint's name. The body
 * goes on as bytes, and so does the answer; the caller's trace context goes into the gRPC call by itself.
 */
export function routeChatCompletions(app: FastifyInstance, { config, peers, metrics, bodies }: IngressParts): void {
  const { requestBytesMax, callMs } = config.limits;
  const onDropped = (header: string) => metrics.droppedHeaders.inc({ header });

  app.post("/v1/chat/completions", async (request, reply) => {
    requireJson(request.headers);
    requirePlain(request.headers);
    const held = bodies.hold(reply.raw);
    const body = await readBody(request.raw, held, requestBytesMax, "ingress.limits.requestBytesMax");
    if (body.length === 0) {
      throw new ServiceError("invalid_request", "The body is empty. Send a JSON object with `model` and `messages`.");
    }
    const metadata = invocationMetadataOf(request.headers, request.id, onDropped);
    const invocation = { dialect: Dialect.DIALECT_OPENAI_CHAT, endpoint: "", body };
    const caller = propagation.extract(ROOT_CONTEXT, request.raw.rawHeaders, rawHeadersGetter);
    // Always InvokeStream: only the gateway reads the body, so only it knows whether a stream is asked for.
    const call = context.with(caller, () =>
      peers.gateway.invokeStream({ invocation }, metadata, { deadline: Date.now() + callMs }),
    );
    // The gateway answers when it has the whole request.
    call.once("metadata", () => held.release());
    reply.hijack();
    relayAnswer(call, request, reply.raw);
  });
}
