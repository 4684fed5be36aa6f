import type { Metadata } from "@grpc/grpc-js";
import type { FastifyInstance } from "fastify";
import { formatOtlpJson, parseOtlpJson } from "#lib/otlp-json/otlp-json.ts";
import { ServiceError } from "#lib/service-error.ts";
import {
  ExportTraceServiceRequest,
  ExportTraceServiceResponse,
  TraceServiceService,
} from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { readEncodedBody } from "../body/read-encoded-body.ts";
import { exportMetadataOf } from "../core/call-metadata.ts";
import { mediaTypeOf, printable } from "../core/content.ts";
import { PROTOBUF } from "../core/error-dialects.ts";
import type { IngressParts } from "../ingress-parts.ts";

/** `{`, with which no export in protobuf begins: it would be read as an unknown group, and as no spans at all. */
const JSON_START = 0x7b;

/**
 * `POST /v1/traces`: OTLP over HTTP. Protobuf goes on to the trace-writer as it is, and so does its answer; JSON is
 * read and answered as JSON. `x-mlflow-experiment-id` or `x-twinspan-experiment` name the experiment.
 */
export function routeOtlpTraces(app: FastifyInstance, { config, peers, metrics, bodies }: IngressParts): void {
  const { otlpBytesMax, readMs } = config.limits;
  const limit = { bytesMax: otlpBytesMax, setting: "ingress.limits.otlpBytesMax" };
  const onDropped = (header: string) => metrics.droppedHeaders.inc({ header });
  const exportSpans = (body: Buffer, metadata: Metadata) =>
    peers.bytes.traceWriter.ask(TraceServiceService.export.path, body, metadata, Date.now() + readMs);

  app.post("/v1/traces", async (request, reply) => {
    const mediaType = mediaTypeOf(request.headers);
    if (mediaType !== PROTOBUF && mediaType !== "application/json") {
      throw new ServiceError(
        "unsupported_media_type",
        `The request has content-type ${printable(mediaType)}. Send ${PROTOBUF} or application/json.`,
      );
    }
    const body = await readEncodedBody(request.raw, bodies.hold(reply), limit);
    const metadata = exportMetadataOf(request, onDropped);
    if (mediaType === PROTOBUF) {
      if (body[0] === JSON_START) {
        throw new ServiceError("invalid_request", "The body is JSON. Send it with content-type: application/json.");
      }
      const answer = await exportSpans(body, metadata);
      return reply.type(PROTOBUF).send(answer);
    }
    const encoded = ExportTraceServiceRequest.encode(parseOtlpJson(body)).finish();
    const answer = await exportSpans(Buffer.from(encoded), metadata);
    return reply.type("application/json").send(formatOtlpJson(ExportTraceServiceResponse.decode(answer)));
  });
}
