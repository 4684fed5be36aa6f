import type { DatabaseSync } from "node:sqlite";
import { integerIn } from "../columns.ts";
import type { BytesTable } from "../commit/tables.ts";
import { pack } from "../packing.ts";

/** The bytes of an open file. `begin` must be called when a transaction has begun: another process may have taken ids. */
export function openBytesTable(db: DatabaseSync): BytesTable & { begin(): void } {
  const insertPayload = db.prepare("INSERT INTO payloads (trace_ref, bytes) VALUES (?, ?)");
  const insertChunk = db.prepare("INSERT INTO chunks (id, bytes) VALUES (?, ?)");
  const lastChunk = db.prepare("SELECT coalesce(max(id), 0) AS id FROM chunks");
  let chunk: bigint | undefined;
  return {
    begin() {
      chunk = undefined;
    },
    nextChunk() {
      chunk = (chunk ?? integerIn(lastChunk.get() ?? {}, "id")) + 1n;
      return chunk;
    },
    storeChunk(_trace, id, bytes) {
      const packed = pack(bytes);
      insertChunk.run(id, packed);
      return BigInt(packed.length);
    },
    storePayload({ ref }, bytes) {
      const packed = pack(bytes);
      insertPayload.run(ref, packed);
      return BigInt(packed.length);
    },
  };
}
