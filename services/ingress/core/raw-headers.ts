import type { TextMapGetter } from "@opentelemetry/api";

/** A request's headers as they came: name, value, name, value … Names in any casing, repetitions as they are. */
export type RawHeaders = readonly string[];

/**
 * Reads headers as they came. Node's own map of headers drops or joins repetitions by rules of its own, and a second
 * `traceparent` must be seen: it makes the context malformed.
 */
export const rawHeadersGetter: TextMapGetter<RawHeaders> = {
  keys: (headers) => headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()),
  get: (headers, key) => valuesOf(headers, key),
};

/** All values of a header, in order. `name` is in lower case. Undefined: the header did not come. */
function valuesOf(headers: RawHeaders, name: string): string | string[] | undefined {
  let first: string | undefined;
  let all: string[] | undefined;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const candidate = headers[index] ?? "";
    if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue;
    const value = headers[index + 1] ?? "";
    if (first === undefined) first = value;
    else all = [...(all ?? [first]), value];
  }
  return all ?? first;
}
