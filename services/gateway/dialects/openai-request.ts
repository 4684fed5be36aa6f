import type { ServiceError } from "#lib/service-error.ts";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { DialectRequest, RelayedRequest } from "./dialect.ts";
import { type Edit, endpointNameOf, headersNamed, invalidRequest, type JsonBody, modelFaultOf } from "./json-body.ts";

/** The headers of a request that are part of OpenAI's dialects. */
export const OPENAI_HEADERS = ["idempotency-key", "openai-beta"];

/** A request of OpenAI's, read: its `model` names the endpoint, where nothing beside the body does. */
export interface OpenAiRequest extends Pick<DialectRequest, "endpointName" | "fault"> {
  /** The request at a path of the provider's, with its model and with other edits. */
  sent(path: string, model: string, edits?: readonly Edit[]): RelayedRequest;
}

/** Reads what all of OpenAI's requests have. `body` was read for its `model` at least. */
export function readOpenAiRequest(body: JsonBody, { endpoint, headers }: Invocation): OpenAiRequest {
  const model = body.value("model");
  return {
    endpointName: endpointNameOf(endpoint, model),
    fault: body.fault ?? modelFaultOf(model ?? (endpoint || null)),
    sent: (path, providerModel, edits = []) => ({
      method: "POST",
      path,
      body: body.edited([body.setting("model", JSON.stringify(providerModel)), ...edits]),
      headers: headersNamed(headers, OPENAI_HEADERS),
      addsUsage: false,
    }),
  };
}

/** What is wrong with a `stream`; null is one that is not there. Undefined: nothing. */
export function streamFaultOf(stream: unknown): ServiceError | undefined {
  if (stream === null || typeof stream === "boolean") return undefined;
  return invalidRequest("`stream` must be true or false.", "stream");
}

/** Whether an answer is a stream: the caller asked for one, and the provider says that it is. */
export function isEventStream(stream: unknown, contentType: string): boolean {
  return stream === true && contentType.startsWith("text/event-stream");
}
