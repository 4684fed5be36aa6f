import { readRecord } from "../../core/records/read-record.ts";
import { digest } from "../digest.ts";
import type { Write } from "./apply-write.ts";

/** A request to write, as it waits for its commit: records as they came, which are read where they are carried out. */
export type WaitingWrite =
  | Exclude<Write, { readonly kind: "records" }>
  | { readonly kind: "records"; readonly serialized: readonly Uint8Array[] };

/** A request with its records read. */
export function readWrite(write: WaitingWrite): Write {
  if (write.kind !== "records") return write;
  return { kind: "records", records: write.serialized.map((bytes) => readRecord(bytes, digest)) };
}
