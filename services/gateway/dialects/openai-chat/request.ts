import type { ServiceError } from "#lib/service-error.ts";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { DialectRequest } from "../dialect.ts";
import { type Edit, endpointNameOf, headersNamed, invalidRequest, JsonBody, modelFaultOf } from "../json-body.ts";
import { scanJsonFields } from "../json-fields.ts";
import { isObject } from "../json-value.ts";
import { OPENAI_HEADERS } from "../openai-headers.ts";

/** Reads of a chat completion request its model, whether it streams, and whether it wants its usage. */
export function readRequest({ body: bytes, endpoint, headers }: Invocation): DialectRequest {
  const body = new JsonBody(bytes, ["model", "stream", "stream_options"]);
  const model = body.value("model");
  const stream = body.value("stream");
  const streamOptions = body.value("stream_options");
  const asksForUsage = isObject(streamOptions) && streamOptions["include_usage"] === true;
  return {
    endpointName: endpointNameOf(endpoint, model),
    streaming: stream === true,
    fault: body.fault ?? modelFaultOf(model ?? (endpoint || null)) ?? faultOf(stream, streamOptions),
    isStream: (contentType) => stream === true && contentType.startsWith("text/event-stream"),
    relayed(providerModel, asksStreamUsage) {
      const addsUsage = stream === true && !asksForUsage && asksStreamUsage;
      const edits = [body.setting("model", JSON.stringify(providerModel))];
      if (addsUsage) edits.push(usageEditOf(body));
      return {
        method: "POST",
        path: "/chat/completions",
        body: body.edited(edits),
        headers: headersNamed(headers, OPENAI_HEADERS),
        addsUsage,
      };
    },
  };
}

function faultOf(stream: unknown, streamOptions: unknown): ServiceError | undefined {
  if (stream !== null && typeof stream !== "boolean") {
    return invalidRequest("`stream` must be true or false.", "stream");
  }
  if (streamOptions !== null && !isObject(streamOptions)) {
    return invalidRequest("`stream_options` must be an object.", "stream_options");
  }
  return undefined;
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
