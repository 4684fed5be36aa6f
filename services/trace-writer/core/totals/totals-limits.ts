/** Tokens beyond this are no count of tokens: such a value is left out, or its record refused. Sums of them stay in 64 bits. */
export const TOKENS_MAX = 10n ** 12n;
/** Likewise for costs, in billionths of a US dollar: a million dollars for one call. Sums that pass 64 bits are cut there. */
export const NANO_USD_MAX = 10n ** 15n;
