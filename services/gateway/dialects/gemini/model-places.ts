import type { ServiceError } from "#lib/service-error.ts";
import { invalidRequest } from "../invalid-request.ts";
import { JsonBody } from "../json-body.ts";
import type { ByteRange } from "../json-fields.ts";
import { scanJsonItems } from "../json-items.ts";

/** Fields that are a whole request of their own, by both names that Google's JSON has for them. */
const REQUESTS = ["generateContentRequest", "generate_content_request"];

const NULL = Buffer.from("null");

/** Where a request says its model again, beside its path. */
export interface ModelPlaces {
  readonly places: readonly ByteRange[];
  /** Why they cannot be told. Undefined: they can. */
  readonly fault: ServiceError | undefined;
}

/** A request within a request. */
interface Inner extends ByteRange {
  /** How the caller finds it. */
  readonly name: string;
}

/**
 * Finds where a Gemini request says its model again: in its `model`, in that of the request whose tokens it wants
 * counted, in those of the requests of its batch. One pass over the body, and one over what is within it.
 */
export function modelPlacesIn(body: JsonBody): ModelPlaces {
  if (body.fault !== undefined) return { places: [], fault: body.fault };
  const batch = batchIn(body);
  if (batch === undefined) return { places: [], fault: invalidRequest("`requests` must be a list.", "requests") };
  const places = [body.range("model")].filter((place) => place !== undefined);
  for (const { name, start, end } of [...wholeRequestsIn(body), ...batch]) {
    const inner = new JsonBody(body.bytes.subarray(start, end), ["model"]);
    if (inner.fault !== undefined) {
      return { places, fault: invalidRequest(`\`${name}\` must be an object with at most one \`model\`.`, name) };
    }
    const place = inner.range("model");
    if (place !== undefined) places.push({ start: start + place.start, end: start + place.end });
  }
  return { places, fault: undefined };
}

/** A request's body, read as far as {@link modelPlacesIn} needs it. */
export function geminiBodyOf(bytes: Buffer): JsonBody {
  return new JsonBody(bytes, ["model", "requests", ...REQUESTS]);
}

function wholeRequestsIn(body: JsonBody): readonly Inner[] {
  return REQUESTS.flatMap((name) => {
    const range = rangeIn(body, name);
    return range === undefined ? [] : [{ name, ...range }];
  });
}

/** Undefined: its `requests` are no list. */
function batchIn(body: JsonBody): readonly Inner[] | undefined {
  const range = rangeIn(body, "requests");
  if (range === undefined) return [];
  return scanJsonItems(body.bytes.subarray(range.start, range.end))?.map(({ start, end }, index) => ({
    name: `requests[${index}]`,
    start: range.start + start,
    end: range.start + end,
  }));
}

/** Where a field stands. Undefined: it is not there, or null, which is the same to Google. */
function rangeIn(body: JsonBody, name: string): ByteRange | undefined {
  const range = body.range(name);
  const isNull = range !== undefined && body.bytes.subarray(range.start, range.end).equals(NULL);
  return isNull ? undefined : range;
}
