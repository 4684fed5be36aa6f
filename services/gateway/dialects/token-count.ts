import { countOf } from "./json-value.ts";

/** No answer has more tokens. A provider that says so counts something else, and the trace-writer would refuse it. */
const TOKENS_MAX = 10n ** 10n;

/** A number of tokens as a provider says it. Undefined: it is no whole number from 0 to 10 thousand million. */
export function tokensOf(value: unknown): bigint | undefined {
  const count = countOf(value);
  return count !== undefined && count <= TOKENS_MAX ? count : undefined;
}

/** Numbers of tokens together, those that are said. Undefined: none is, or together they are beyond what one may be. */
export function tokensTogether(values: readonly unknown[]): bigint | undefined {
  const counts = values.map(tokensOf).filter((count) => count !== undefined);
  const sum = counts.reduce((total, count) => total + count, 0n);
  return counts.length > 0 && sum <= TOKENS_MAX ? sum : undefined;
}
