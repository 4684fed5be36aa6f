import type { Dispatcher } from "undici";
import { isPassedHeader } from "#lib/passed-headers.ts";

/** Headers of an answer: lower-case names and their values. */
export type PassedHeaders = readonly (readonly [name: string, value: string])[];

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
    else if (isPassedHeader(name)) passed.push([name, text]);
  }
  return passed;
}

/** A provider that asks for more than a day means that it will not do. */
const RETRY_AFTER_MAX_MS = 24 * 60 * 60 * 1000;

/**
 * When a provider asks to be left alone until, in whole milliseconds from `nowMs`, a day at the most: `retry-after-ms`,
 * else `retry-after` in seconds or as a date. Undefined: it does not say, or not so that it can be read.
 */
export function retryAfterMsOf(headers: PassedHeaders, nowMs: number): number | undefined {
  const saidMs = valueIn(headers, "retry-after-ms");
  const said = valueIn(headers, "retry-after");
  if (saidMs === undefined && said === undefined) return undefined;
  const ms = msOf(saidMs, 1) ?? msOf(said, 1000);
  const waitMs = ms ?? Math.max(0, Date.parse(said ?? "") - nowMs);
  return Number.isNaN(waitMs) ? undefined : Math.min(RETRY_AFTER_MAX_MS, Math.ceil(waitMs));
}

function valueIn(headers: PassedHeaders, name: string): string | undefined {
  return headers.find(([known]) => known === name)?.[1].trim();
}

/** A figure of so many milliseconds each. Undefined: it is none. */
function msOf(figure: string | undefined, unitMs: number): number | undefined {
  return figure !== undefined && /^\d{1,12}(\.\d{1,12})?$/.test(figure) ? Number(figure) * unitMs : undefined;
}
