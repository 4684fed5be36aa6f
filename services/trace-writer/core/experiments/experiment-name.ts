/** Whether a text may name an experiment: 1 to 250 printable characters. */
export function isExperimentName(text: string): boolean {
  return /^[^\p{Cc}\p{Cs}]{1,250}$/u.test(text);
}

/** An experiment's id as a number. Undefined: the text is not an id that could have been given out. */
export function parseExperimentId(text: string): bigint | undefined {
  return /^(0|[1-9]\d{0,17})$/.test(text) ? BigInt(text) : undefined;
}
