/** US dollars as people read them: small amounts have as many digits as it takes to see them. */
export function dollarsOf(usd: number): string {
  return `$${usd >= 0.01 || usd === 0 ? usd.toFixed(4) : usd.toFixed(9).replace(/0{1,5}$/, "")}`;
}
