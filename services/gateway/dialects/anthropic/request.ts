import type { ServiceError } from "#lib/service-error.ts";
import type { Header, Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { DialectRequest } from "../dialect.ts";
import { endpointNameOf, headersNamed, invalidRequest, JsonBody, modelFaultOf } from "../json-body.ts";
import { pathWithQuery } from "../target-query.ts";

/** The version of Anthropic's API that a caller speaks who does not say. */
const VERSION = ["anthropic-version", "2023-06-01"] as const;

/** Reads of a request for a message its model, and whether it streams. */
export function readMessageRequest(invocation: Invocation): DialectRequest {
  const body = new JsonBody(invocation.body, ["model", "stream"]);
  const stream = body.value("stream");
  const streaming = stream === true;
  return {
    ...namedIn(body, invocation, "/messages"),
    streaming,
    fault: faultOf(body, invocation) ?? streamFaultOf(stream),
    isStream: (contentType) => streaming && contentType.startsWith("text/event-stream"),
  };
}

/** Reads of a request for a count of tokens its model. Its answer is never a stream. */
export function readCountRequest(invocation: Invocation): DialectRequest {
  const body = new JsonBody(invocation.body, ["model"]);
  return {
    ...namedIn(body, invocation, "/messages/count_tokens"),
    streaming: false,
    fault: faultOf(body, invocation),
    isStream: () => false,
  };
}

/** The endpoint that a request names, and the request with a provider's name in that place. */
function namedIn(
  body: JsonBody,
  { endpoint, headers, target }: Invocation,
  path: string,
): Pick<DialectRequest, "endpointName" | "relayed"> {
  return {
    endpointName: endpointNameOf(endpoint, body.value("model")),
    relayed: (model) => ({
      method: "POST",
      path: pathWithQuery(path, target),
      body: body.edited([body.setting("model", JSON.stringify(model))]),
      headers: dialectHeadersOf(headers),
      addsUsage: false,
    }),
  };
}

function faultOf(body: JsonBody, { endpoint }: Invocation): ServiceError | undefined {
  return body.fault ?? modelFaultOf(body.value("model") ?? (endpoint || null));
}

function streamFaultOf(stream: unknown): ServiceError | undefined {
  if (stream === null || typeof stream === "boolean") return undefined;
  return invalidRequest("`stream` must be true or false.", "stream");
}

function dialectHeadersOf(headers: readonly Header[]): readonly (readonly [string, string])[] {
  const named = headersNamed(headers, ["anthropic-version", "anthropic-beta"]);
  return named.some(([name]) => name === "anthropic-version") ? named : [VERSION, ...named];
}
