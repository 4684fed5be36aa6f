import type { ServiceError } from "#lib/service-error.ts";
import type { DialectRequest, RelayedRequest } from "./dialect.ts";
import { invalidRequest } from "./invalid-request.ts";
import type { Edit, JsonBody } from "./json-body.ts";

/** An endpoint's name is at most this long; what is longer names none. */
const ENDPOINT_NAME_MAX = 128;

/** A request whose body names its endpoint as `model`, where nothing beside the body does, read. */
export interface ModelRequest extends Pick<DialectRequest, "endpointName" | "fault"> {
  /** The request at a path of the provider's, with its model and with other edits. */
  sent(path: string, model: string, edits?: readonly Edit[]): RelayedRequest;
}

/**
 * Reads it. `body` was read for its `model` at least. `endpoint`: the one that is named beside the body; empty, none
 * is. `headers`: those of the dialect, which go on.
 */
export function readModelRequest(body: JsonBody, endpoint: string, headers: RelayedRequest["headers"]): ModelRequest {
  const model = body.value("model");
  return {
    endpointName: endpoint || nameIn(model),
    fault: body.fault ?? modelFaultOf(model ?? (endpoint || null)),
    sent: (path, providerModel, edits = []) => ({
      method: "POST",
      path,
      body: body.edited([body.setting("model", JSON.stringify(providerModel)), ...edits]),
      headers,
      addsUsage: false,
    }),
  };
}

function nameIn(model: unknown): string | undefined {
  return typeof model === "string" && model.length <= ENDPOINT_NAME_MAX ? model : undefined;
}

function modelFaultOf(model: unknown): ServiceError | undefined {
  if (typeof model === "string" && model !== "") return undefined;
  const message =
    "`model` is missing, or no text. Give it the name of an endpoint: ListEndpoints, or GET /v1/models, lists them.";
  return invalidRequest(message, "model");
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
