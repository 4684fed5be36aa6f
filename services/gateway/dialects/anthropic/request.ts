import type { Header, Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { DialectRequest, RelayedRequest } from "../dialect.ts";
import { JsonBody } from "../json-body.ts";
import { isEventStream, readModelRequest, streamFaultOf } from "../model-request.ts";
import { headersNamed } from "../request-headers.ts";
import { pathWithQuery } from "../target-query.ts";

/** The version of Anthropic's API that a caller speaks who does not say. */
const VERSION = ["anthropic-version", "2023-06-01"] as const;

/** Reads of a request for a message its model, and whether it streams. */
export function readMessageRequest({ body: bytes, endpoint, headers, target }: Invocation): DialectRequest {
  const body = new JsonBody(bytes, ["model", "stream"]);
  const stream = body.value("stream");
  const { endpointName, fault, sent } = readModelRequest(body, endpoint, dialectHeadersOf(headers));
  return {
    endpointName,
    streaming: stream === true,
    fault: fault ?? streamFaultOf(stream),
    isStream: (contentType) => isEventStream(stream, contentType),
    relayed: (model) => sent(pathWithQuery("/messages", target), model),
  };
}

/** Reads of a request for a count of tokens its model. Its answer is never a stream. */
export function readCountRequest({ body: bytes, endpoint, headers, target }: Invocation): DialectRequest {
  const { endpointName, fault, sent } = readModelRequest(
    new JsonBody(bytes, ["model"]),
    endpoint,
    dialectHeadersOf(headers),
  );
  return {
    endpointName,
    streaming: false,
    fault,
    isStream: () => false,
    relayed: (model) => sent(pathWithQuery("/messages/count_tokens", target), model),
  };
}

function dialectHeadersOf(headers: readonly Header[]): RelayedRequest["headers"] {
  const named = headersNamed(headers, ["anthropic-version", "anthropic-beta"]);
  return named.some(([name]) => name === "anthropic-version") ? named : [VERSION, ...named];
}
