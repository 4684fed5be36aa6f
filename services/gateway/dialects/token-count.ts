import { countOf } from "./json-value.ts";

/** No answer has more tokens. A provider that says so counts something else, and the trace-writer would refuse it. */
const TOKENS_MAX = 10n ** 10n;

/** A number of tokens as a provider says it. Undefined: it is no whole number from 0 to 10 thousand million. */
export function tokensOf(value: unknown): bigint | undefined {
  const count = countOf(value);
  return count !== undefined && count <= TOKENS_MAX ? count : undefined;
}
