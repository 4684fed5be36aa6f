import type { Dispatcher } from "undici";

/** Headers of an answer: lower-case names and their values. */
export type PassedHeaders = readonly (readonly [name: string, value: string])[];

/** The headers of an answer that pass to the caller; those of rate limits pass too. */
const PASSED = new Set([
  "content-type",
  "openai-processing-ms",
  "openai-version",
  "retry-after",
  "retry-after-ms",
  "x-should-retry",
]);
const PASSED_PREFIXES = ["x-ratelimit-", "anthropic-ratelimit-"];
/** The provider's own name for the request, which would hide ours. */
const REQUEST_IDS = new Set(["x-request-id", "request-id"]);

/** Of a provider's headers those that pass to the caller, in its order. */
export function passedHeadersOf(headers: Dispatcher.ResponseData["headers"]): PassedHeaders {
  const passed: (readonly [string, string])[] = [];
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined) continue;
    const text = typeof value === "string" ? value : value.join(", ");
    if (REQUEST_IDS.has(name)) passed.push(["x-provider-request-id", text]);
    else if (PASSED.has(name) || PASSED_PREFIXES.some((prefix) => name.startsWith(prefix))) passed.push([name, text]);
  }
  return passed;
}

/** When a provider asks to be left alone until, in milliseconds from `nowMs`. Undefined: it does not say. */
export function retryAfterMsOf(headers: PassedHeaders, nowMs: number): number | undefined {
  const valueIn = (name: string) => headers.find(([known]) => known === name)?.[1].trim();
  const exact = Number(valueIn("retry-after-ms") || Number.NaN);
  if (exact >= 0) return exact;
  const after = valueIn("retry-after");
  if (after === undefined) return undefined;
  if (/^\d{1,9}$/.test(after)) return Number(after) * 1000;
  const at = Date.parse(after);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
