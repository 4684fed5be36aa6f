import { isObject } from "#lib/json-value.ts";
import type { ServiceError } from "#lib/service-error.ts";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { DialectRequest } from "../dialect.ts";
import { invalidRequest } from "../invalid-request.ts";
import { type Edit, JsonBody } from "../json-body.ts";
import { scanJsonFields } from "../json-fields.ts";
import { isEventStream, readModelRequest, streamFaultOf } from "../model-request.ts";
import { headersNamed, OPENAI_HEADERS } from "../request-headers.ts";

/** Reads of a chat completion request its model, whether it streams, and whether it wants its usage. */
export function readRequest(invocation: Invocation): DialectRequest {
  const body = new JsonBody(invocation.body, ["model", "stream", "stream_options"]);
  const stream = body.value("stream");
  const streamOptions = body.value("stream_options");
  const asksForUsage = isObject(streamOptions) && streamOptions["include_usage"] === true;
  const { endpointName, fault, sent } = readModelRequest(
    body,
    invocation.endpoint,
    headersNamed(invocation.headers, OPENAI_HEADERS),
  );
  return {
    endpointName,
    streaming: stream === true,
    fault: fault ?? streamFaultOf(stream) ?? optionsFaultOf(streamOptions),
    isStream: (contentType) => isEventStream(stream, contentType),
    relayed(model, asksStreamUsage) {
      const addsUsage = stream === true && !asksForUsage && asksStreamUsage;
      return { ...sent("/chat/completions", model, addsUsage ? [usageEditOf(body)] : []), addsUsage };
    },
  };
}

function optionsFaultOf(streamOptions: unknown): ServiceError | undefined {
  if (streamOptions === null || isObject(streamOptions)) return undefined;
  return invalidRequest("`stream_options` must be an object.", "stream_options");
}

/** Asks for the stream's usage: within the caller's `stream_options`, or in front of the first field. */
function usageEditOf(body: JsonBody): Edit {
  const range = body.range("stream_options");
  if (range === undefined) return body.setting("stream_options", '{"include_usage":true}');
  const options = scanJsonFields(body.bytes.subarray(range.start, range.end), ["include_usage"]);
  if (options.bodyStart === -1) return { ...range, text: '{"include_usage":true}' };
  const asked = options.values.get("include_usage");
  if (asked) return { start: range.start + asked.start, end: range.start + asked.end, text: "true" };
  const start = range.start + options.bodyStart;
  return { start, end: start, text: options.isEmpty ? '"include_usage":true' : '"include_usage":true,' };
}
