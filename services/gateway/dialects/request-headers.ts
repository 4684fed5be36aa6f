import type { Header } from "#proto/twinspan/gateway/v1/invocation.ts";

/** The headers of a request that are part of OpenAI's dialects. */
export const OPENAI_HEADERS = ["idempotency-key", "openai-beta"];

/** Of a request's headers those of a dialect, as name and value; one that is there twice is joined, as HTTP joins it. */
export function headersNamed(headers: readonly Header[], names: readonly string[]): (readonly [string, string])[] {
  if (headers.length === 0) return [];
  const values = new Map<string, string>();
  for (const { name, value } of headers) {
    if (!names.includes(name)) continue;
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return [...values];
}
