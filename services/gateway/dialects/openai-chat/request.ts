import { ServiceError } from "#lib/service-error.ts";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { DialectRequest } from "../dialect.ts";
import { type ByteRange, scanJsonFields } from "../json-fields.ts";
import { isObject, parseJson } from "../json-value.ts";

/** An endpoint's name is at most this long; what is longer names none. */
const ENDPOINT_NAME_MAX = 128;

/** Reads of a chat completion request its model, whether it streams, and whether it wants its usage. */
export function readRequest({ body, endpoint }: Invocation): DialectRequest {
  const fields = scanJsonFields(body, ["model", "stream", "stream_options"]);
  /** Null: the field is not there. Undefined: it holds what is not JSON. */
  const read = (name: string) => {
    const range = fields.values.get(name);
    return range === undefined ? null : parseJson(body.toString("utf8", range.start, range.end));
  };
  const model = read("model");
  const stream = read("stream");
  const streamOptions = read("stream_options");
  const named = typeof model === "string" && model.length <= ENDPOINT_NAME_MAX ? model : undefined;
  const asksForUsage = isObject(streamOptions) && streamOptions["include_usage"] === true;
  return {
    endpointName: endpoint || named,
    streaming: stream === true,
    fault: faultOf(fields.fault, model ?? (endpoint || null), stream, streamOptions),
    isStream: (contentType) => stream === true && contentType.startsWith("text/event-stream"),
    relayed(providerModel, asksStreamUsage) {
      const addsUsage = stream === true && !asksForUsage && asksStreamUsage;
      const edits = [modelEditOf(fields.values.get("model"), fields.bodyStart, providerModel)];
      if (addsUsage) edits.push(usageEditOf(body, fields.values.get("stream_options"), fields.bodyStart));
      return { method: "POST", path: "/chat/completions", body: edited(body, edits), headers: [], addsUsage };
    },
  };
}

function faultOf(
  fault: string | undefined,
  model: unknown,
  stream: unknown,
  streamOptions: unknown,
): ServiceError | undefined {
  if (fault !== undefined) return invalid(`The request cannot be read: ${fault}. Send one JSON object.`);
  if (typeof model !== "string" || model === "") {
    return invalid(
      "`model` is missing, or no text. Give it the name of an endpoint; GET /v1/models lists them.",
      "model",
    );
  }
  if (stream !== null && typeof stream !== "boolean") {
    return invalid("`stream` must be true or false.", "stream");
  }
  if (streamOptions !== null && !isObject(streamOptions)) {
    return invalid("`stream_options` must be an object.", "stream_options");
  }
  return undefined;
}

function invalid(message: string, field?: string): ServiceError {
  return new ServiceError("invalid_request", message, field === undefined ? {} : { field });
}

/** A piece of text in the place of a range of bytes. */
interface Edit extends ByteRange {
  readonly text: string;
}

/** Names the provider's model: in the place of the caller's, or in front of the first field. */
function modelEditOf(range: ByteRange | undefined, bodyStart: number, model: string): Edit {
  const text = JSON.stringify(model);
  return range ? { ...range, text } : { start: bodyStart, end: bodyStart, text: `"model":${text},` };
}

/** Asks for the stream's usage: within the caller's `stream_options`, or in front of the first field. */
function usageEditOf(body: Buffer, range: ByteRange | undefined, bodyStart: number): Edit {
  if (range === undefined) {
    return { start: bodyStart, end: bodyStart, text: '"stream_options":{"include_usage":true},' };
  }
  const options = scanJsonFields(body.subarray(range.start, range.end), ["include_usage"]);
  if (options.bodyStart === -1) return { ...range, text: '{"include_usage":true}' };
  const asked = options.values.get("include_usage");
  if (asked) return { start: range.start + asked.start, end: range.start + asked.end, text: "true" };
  const start = range.start + options.bodyStart;
  return { start, end: start, text: options.isEmpty ? '"include_usage":true' : '"include_usage":true,' };
}

function edited(body: Buffer, edits: readonly Edit[]): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    parts.push(body.subarray(from, start), Buffer.from(text));
    from = end;
  }
  parts.push(body.subarray(from));
  return Buffer.concat(parts);
}
