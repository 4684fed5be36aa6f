/*
 * Records are numbered without gaps, so that one that is missing is missed. Only where the end of what was written
 * cannot be read the last number is not known. Then the next ones are of another series, so that none is ever given
 * twice, also if that end can be read again later.
 */

/** Numbers that nobody was given: from the first, up to the second and without it. */
export interface Jump {
  readonly from: number;
  readonly to: number;
}

/** A series has more numbers than are ever given in it, and there may be thousands of series. */
const SERIES = 2 ** 40;

/** The jump to the next series. `next` is what would be the next number. */
export function jumpFrom(next: number): Jump {
  return { from: next, to: beginOf(next) + SERIES };
}

/** The jump that was made before a number that was read, where `next` was the next one. Undefined: none was. */
export function jumpBefore(read: number, next: number): Jump | undefined {
  const to = beginOf(read);
  return to > next ? { from: next, to } : undefined;
}

/** How many numbers were given from the first of these up to the second. */
export function givenIn({ from, to }: Jump, jumps: readonly Jump[]): number {
  const jumped = jumps.map((jump) => Math.max(0, Math.min(to, jump.to) - Math.max(from, jump.from)));
  return Math.max(0, to - from) - jumped.reduce((sum, numbers) => sum + numbers, 0);
}

/** The first number of its series. */
function beginOf(number: number): number {
  return number - (number % SERIES);
}
