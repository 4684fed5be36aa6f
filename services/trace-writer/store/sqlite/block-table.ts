import type { DatabaseSync } from "node:sqlite";
import { integerIn } from "../columns.ts";
import { pack } from "../packing.ts";

/** Where bytes are: in which block, and from where on when it is unpacked. */
export interface BlockPlace {
  readonly block: bigint;
  readonly at: number;
  readonly length: number;
}

/** What bytes are. Those of one kind are packed together. */
export type PieceKind = keyof typeof BLOCK_BYTES;

/** Bytes that wait for the end of their transaction. */
export interface WaitingPiece {
  readonly kind: PieceKind;
  /** Whose they are: what may be known of another's, by how well it is packed, is not packed with it. */
  readonly owner: string;
  readonly bytes: Uint8Array;
  /** Hears where they are, and what they take. */
  readonly onStored: (place: BlockPlace, storedBytes: bigint) => void;
}

/**
 * Where the bytes of spans and payloads are, as the writer keeps them: packed together with others that came with the
 * same transaction. So what repeats from one call to the next is stored once, and pages are full.
 */
export interface BlockTable {
  /** The first step of a transaction: another process may have taken ids. */
  begin(): void;
  /** Has bytes stored with others of the same kind and owner: only such are ever in one block. */
  add(piece: WaitingPiece): void;
  /** Has bytes not stored that still wait. */
  takeBack(piece: WaitingPiece): void;
  /** Stores what was added. */
  store(): void;
  /** Forgets what waits: the transaction was rolled back. */
  forget(): void;
}

/**
 * More bytes than this are not packed together, before they are packed: whoever reads one of them unpacks them all. The
 * more there are, the more repeats. Previews are read by lists, many of them from blocks that are far apart.
 */
const BLOCK_BYTES = { spans: 64 * 1024, payload: 128 * 1024, previews: 16 * 1024 } as const;

/** The blocks of a file that is open for writing. */
export function openBlockTable(db: DatabaseSync): BlockTable {
  const last = db.prepare("SELECT coalesce(max(id), 0) AS id FROM blocks");
  const insert = db.prepare("INSERT INTO blocks (id, pieces, bytes) VALUES (?, ?, ?)");
  const waiting = new Map<string, Set<WaitingPiece>>();
  let taken: bigint | undefined;
  const storeBlock = (pieces: readonly WaitingPiece[]) => {
    const whole = together(pieces);
    const packed = pack(whole);
    taken = (taken ?? integerIn(last.get() ?? {}, "id")) + 1n;
    insert.run(taken, pieces.length, packed);
    let at = 0;
    for (const { bytes, onStored } of pieces) {
      const share = Math.round((packed.length * bytes.length) / whole.length);
      onStored({ block: taken, at, length: bytes.length }, BigInt(share));
      at += bytes.length;
    }
  };
  return {
    begin() {
      taken = undefined;
    },
    add(piece) {
      const key = keyOf(piece);
      const pieces = waiting.get(key) ?? new Set();
      waiting.set(key, pieces.add(piece));
    },
    takeBack: (piece) => void waiting.get(keyOf(piece))?.delete(piece),
    store() {
      for (const pieces of waiting.values()) for (const block of blocksOf(pieces)) storeBlock(block);
      waiting.clear();
    },
    forget: () => waiting.clear(),
  };
}

/** A large one is alone, and not copied. */
function together(pieces: readonly WaitingPiece[]): Uint8Array {
  const [first] = pieces;
  return first !== undefined && pieces.length === 1 ? first.bytes : Buffer.concat(pieces.map(({ bytes }) => bytes));
}

function keyOf({ kind, owner }: WaitingPiece): string {
  return `${kind}\n${owner}`;
}

/** In their order, each with as many as it may have, but always one. */
function blocksOf(pieces: Iterable<WaitingPiece>): readonly (readonly WaitingPiece[])[] {
  const blocks: WaitingPiece[][] = [];
  let room = 0;
  for (const piece of pieces) {
    room -= piece.bytes.length;
    const block = room >= 0 ? blocks.at(-1) : undefined;
    if (block !== undefined) block.push(piece);
    else {
      blocks.push([piece]);
      room = BLOCK_BYTES[piece.kind] - piece.bytes.length;
    }
  }
  return blocks;
}
