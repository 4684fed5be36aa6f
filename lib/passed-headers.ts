/** Those of rate limits pass too. */
const PREFIXES = ["x-ratelimit-", "anthropic-ratelimit-"];
const NAMES = new Set([
  "content-type",
  "openai-processing-ms",
  "openai-version",
  "retry-after",
  "retry-after-ms",
  "x-should-retry",
]);

/** Whether a header of a provider's answer passes to the caller, by its name in lower case. */
export function isPassedHeader(name: string): boolean {
  return NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix));
}
