import type { ServiceError } from "#lib/service-error.ts";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { DialectRequest } from "../dialect.ts";
import { invalidRequest } from "../invalid-request.ts";
import { JsonBody } from "../json-body.ts";
import { isEventStream, readModelRequest, streamFaultOf } from "../model-request.ts";
import { headersNamed, OPENAI_HEADERS } from "../request-headers.ts";

/** Reads of a request for a response its model, and whether it streams. */
export function readResponseRequest(invocation: Invocation): DialectRequest {
  const body = new JsonBody(invocation.body, ["model", "stream"]);
  const stream = body.value("stream");
  const { endpointName, fault, sent } = readModelRequest(
    body,
    invocation.endpoint,
    headersNamed(invocation.headers, OPENAI_HEADERS),
  );
  return {
    endpointName,
    streaming: stream === true,
    fault: fault ?? streamFaultOf(stream),
    isStream: (contentType) => isEventStream(stream, contentType),
    relayed: (model) => sent("/responses", model),
  };
}

/** Reads of a request for a compaction its model. */
export function readCompactRequest(invocation: Invocation): DialectRequest {
  const body = new JsonBody(invocation.body, ["model", "stream"]);
  const { endpointName, fault, sent } = readModelRequest(
    body,
    invocation.endpoint,
    headersNamed(invocation.headers, OPENAI_HEADERS),
  );
  return {
    endpointName,
    streaming: false,
    fault: fault ?? noStreamFaultOf(body.value("stream")),
    isStream: () => false,
    relayed: (model) => sent("/responses/compact", model),
  };
}

function noStreamFaultOf(stream: unknown): ServiceError | undefined {
  if (stream !== true) return streamFaultOf(stream);
  return invalidRequest("A compaction does not stream. Leave `stream` out.", "stream");
}
