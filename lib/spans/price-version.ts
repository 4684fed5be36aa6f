/** What stands for more versions than a text of 64 characters can name. */
const MANY = "several";

/** Whether a text can be the version of prices: 1 to 64 printable characters without spaces. */
export function isPriceVersion(text: string): boolean {
  return /^[\x21-\x7e]{1,64}$/.test(text);
}

/**
 * The versions of the prices that a sum of costs was computed with: each once, in the order of their text, joined by
 * `+`. `several` where they are more than fit. Undefined: none is known. In any order and grouping the sum is the same.
 */
export function sumOfPriceVersions(versions: readonly (string | undefined)[]): string | undefined {
  const [first, ...others] = versions;
  const isOne = first === undefined || (isPriceVersion(first) && !first.includes("+"));
  if (isOne && others.every((version) => version === first)) return first;
  const all = new Set(versions.flatMap((version) => version?.split("+") ?? []));
  if (all.size === 0) return undefined;
  const joined = [...all].sort().join("+");
  return all.has(MANY) || !isPriceVersion(joined) ? MANY : joined;
}
