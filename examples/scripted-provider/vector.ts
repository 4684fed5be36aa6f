/** How many dimensions a vector has when nobody asks for a number. */
const DIMENSIONS = 8;

/** The most dimensions a vector has. */
export const DIMENSIONS_MAX = 4096;

/** A text's vector, of length 1: the same for the same text, and with as many dimensions as asked. */
export function vectorOf(text: string, dimensions: number | null | undefined): readonly number[] {
  // FNV-1a, then a linear congruence for each dimension.
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  const raw = Array.from({ length: dimensions ?? DIMENSIONS }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  const length = Math.hypot(...raw);
  // As 32-bit floats, so that a vector is the same in every encoding.
  return raw.map((value) => Math.fround(value / length));
}
