const LENGTH_MIN = 15;

/**
 * How much of a text is an IBAN, from its beginning: the longest part that ends with a word and whose check digits are
 * right (ISO 7064, mod 97). 0: none is.
 */
export function ibanLengthOf(text: string): number {
  let signs = 0;
  let found = 0;
  // The first four signs count as if they stood at the end.
  let head = "";
  let rest = 0;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (!/[A-Za-z0-9]/.test(sign)) continue;
    signs += 1;
    if (signs <= 4) head += sign;
    else rest = remainderOf(rest, sign);
    const isEndOfWord = at === text.length - 1 || !/[A-Za-z0-9]/.test(text.charAt(at + 1));
    if (signs >= LENGTH_MIN && isEndOfWord && [...head].reduce(remainderOf, rest) === 1) found = at + 1;
  }
  return found;
}

/** Letters count as 10 to 35. */
function remainderOf(remainder: number, sign: string): number {
  const value = Number.parseInt(sign, 36);
  return (remainder * (value > 9 ? 100 : 10) + value) % 97;
}
