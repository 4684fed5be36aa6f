import { integerIn } from "../columns.ts";
import type { Connection } from "./database.ts";

/** Gives out ids of a sequence that counts in blocks, so that hardly any id is asked of the database. */
export interface IdBlocks {
  /** So many ids that nobody else gets. `connection` is used where more are asked of the database. */
  take(connection: Connection, count: number): Promise<readonly bigint[]>;
}

/** What the sequences of this schema count in. */
const BLOCK = 1000;

/** Ids of a sequence. */
export function createIdBlocks(sequence: "trace_refs" | "chunk_ids"): IdBlocks {
  const free: bigint[] = [];
  return {
    async take(connection, count) {
      while (free.length < count) {
        const blocks = Math.ceil((count - free.length) / BLOCK);
        const rows = await connection.rows(`SELECT nextval('${sequence}') AS first FROM generate_series(1, $1)`, [
          blocks,
        ]);
        for (const row of rows) {
          const first = integerIn(row, "first");
          for (let offset = 0; offset < BLOCK; offset += 1) free.push(first + BigInt(offset));
        }
      }
      return free.splice(0, count);
    },
  };
}
