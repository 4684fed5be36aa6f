import type { BlockReads } from "./block-reads.ts";

/**
 * What a page of a search has cost so far. Walking past a trace costs 1, some 2 µs; looking at what lists show of it
 * costs 4 more, reading its spans 20, and 1 for each; unpacking a block costs 16, and one of 64 KiB 32.
 */
export interface SearchCost {
  /** Adds to it. */
  add(cost: number): void;
  /** Whether the page ends here: it has cost some tens of milliseconds. */
  readonly isTooMuch: boolean;
}

export const WALK_COST = 1;
export const LOOK_COST = 4;
export const SPANS_COST = 20;
/** So many bytes are unpacked for 1. */
const UNPACKED_BYTES = 2048;
const COST_MAX = 20_000;

/** Nothing yet: what is unpacked of `blocks` counts from now on. */
export function openSearchCost(blocks: BlockReads): SearchCost {
  const before = blocks.unpackedBytes;
  let sum = 0;
  return {
    add(cost) {
      sum += cost;
    },
    get isTooMuch() {
      return sum + (blocks.unpackedBytes - before) / UNPACKED_BYTES >= COST_MAX;
    },
  };
}
