/** Blocks that were unpacked lately, each with the bytes that it was unpacked from. */
export interface KeptBlocks {
  /**
   * A block. Undefined: it is not kept, or its bytes are others: a part of it was erased, or its id is that of another
   * by now.
   */
  find(block: bigint, packed: Uint8Array): Uint8Array | undefined;
  keep(block: bigint, packed: Uint8Array, unpacked: Uint8Array): void;
}

/**
 * Keeps nothing yet, and no more than `bytesMax`. Beyond that those go that were asked for longest ago. `onGone` hears
 * what bytes are kept no more: whoever asked for them may still hold them.
 */
export function createKeptBlocks(bytesMax: number, onGone: (bytes: Uint8Array) => void): KeptBlocks {
  const kept = new Map<bigint, { readonly packed: Uint8Array; readonly unpacked: Uint8Array }>();
  let bytes = 0;
  const drop = (block: bigint) => {
    const found = kept.get(block);
    if (found === undefined) return;
    kept.delete(block);
    for (const gone of [found.packed, found.unpacked]) {
      bytes -= gone.length;
      onGone(gone);
    }
  };
  return {
    find(block, packed) {
      const found = kept.get(block);
      if (found === undefined || Buffer.compare(found.packed, packed) !== 0) return undefined;
      kept.delete(block);
      kept.set(block, found);
      return found.unpacked;
    },
    keep(block, packed, unpacked) {
      drop(block);
      kept.set(block, { packed, unpacked });
      bytes += packed.length + unpacked.length;
      for (const oldest of kept.keys()) {
        if (bytes <= bytesMax) break;
        drop(oldest);
      }
    },
  };
}
