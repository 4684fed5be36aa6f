/** Chance that is the same for the same seed. */
export interface Random {
  /** From 0 up to, but not, 1. */
  next(): number;
  /** A whole number from 0 up to, but not, `below`. */
  below(below: number): number;
  /**
   * Around `median`, as times and sizes are: half are above it, few are far above. `spread` 0.5: most are within half
   * and double.
   */
  around(median: number, spread: number): number;
  /** Whether something happens whose probability that is. */
  happens(probability: number): boolean;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  /** Likewise, each as often as its weight says. */
  pickWeighted<Item extends { readonly weight: number }>(items: readonly [Item, ...Item[]]): Item;
  /** So many bytes in hex digits, not all zero. */
  hex(bytes: number): string;
}

/** So many words are drawn before the first that counts, until every seed has come through to all of the state. */
const WARM_UP = 12;

/**
 * Starts chance (sfc32, 128 bits of state: with 32, two of 60,000 episodes would likely draw the same ids). `seeds` are
 * whole numbers; each combination of them is a chance of its own.
 */
export function createRandom(...seeds: readonly number[]): Random {
  const salted = (salt: number) => seeds.reduce((mixed, seed) => mix(Math.imul(mixed, 31) + seed), salt);
  let [a, b, c, counter] = [salted(0x9e3779b9), salted(0x243f6a88), salted(0xb7e15162), 1];
  const word = () => {
    const drawn = (a + b + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + drawn) >>> 0;
    return drawn;
  };
  for (let round = 0; round < WARM_UP; round += 1) word();
  const next = () => word() / 2 ** 32;
  const pick: Random["pick"] = (items) => items[Math.floor(next() * items.length)] ?? items[0];
  return {
    next,
    below: (below) => Math.floor(next() * below),
    around: (median, spread) => median * Math.exp(spread * (next() + next() + next() - 1.5) * 2),
    happens: (probability) => next() < probability,
    pick,
    pickWeighted(items) {
      let left = next() * items.reduce((sum, { weight }) => sum + weight, 0);
      for (const item of items) {
        left -= item.weight;
        if (left < 0) return item;
      }
      return items[0];
    },
    hex(bytes) {
      let digits = "";
      for (let place = 0; place < bytes; place += 4) {
        const drawn = place === 0 ? (word() | 0x0100_0000) >>> 0 : word();
        digits += drawn.toString(16).padStart(8, "0");
      }
      return digits.slice(0, bytes * 2);
    },
  };
}

function mix(value: number): number {
  let mixed = value >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}
