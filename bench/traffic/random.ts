/** Chance that is the same for the same seed. */
export interface Random {
  /** From 0 up to, but not, 1. */
  next(): number;
  /** A whole number from 0 up to, but not, `below`. */
  below(below: number): number;
  /** Around `median`, as times and sizes are: half are above it, few are far above. `spread` 0.5: most are within half and double. */
  around(median: number, spread: number): number;
  /** Whether something happens whose probability that is. */
  happens(probability: number): boolean;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  /** Likewise, each as often as its weight says. */
  pickWeighted<Item extends { readonly weight: number }>(items: readonly [Item, ...Item[]]): Item;
  /** So many bytes in hex digits, not all zero. */
  hex(bytes: number): string;
}

/** Starts chance (mulberry32). `seeds` are whole numbers; each combination of them is a chance of its own. */
export function createRandom(...seeds: readonly number[]): Random {
  let state = seeds.reduce((mixed, seed) => mix(Math.imul(mixed, 31) + seed), 0x9e3779b9);
  const word = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    return mix(state);
  };
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
      for (let place = 0; place < bytes; place += 4) digits += ((word() | 1) >>> 0).toString(16).padStart(8, "0");
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
