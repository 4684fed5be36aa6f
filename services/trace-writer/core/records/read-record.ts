import { BinaryReader } from "@bufbuild/protobuf/wire";
import { WordReader } from "#lib/wire/word-reader.ts";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { Digest } from "../spans/span-batch.ts";
import { payloadIn } from "./payload-in.ts";
import { checkRecord } from "./record-check.ts";
import { type RecordParts, type RecordToWrite, recordToWriteOf } from "./record-to-write.ts";

/** A serialized record, read: as it goes to a store, or why it may not be stored (`checkRecord`). */
export type ReadRecord =
  | { readonly kind: "record"; readonly record: RecordToWrite }
  | { readonly kind: "refused"; readonly reason: string };

/** Reads a serialized record. */
export function readRecord(bytes: Uint8Array, digest: Digest): ReadRecord {
  const decoded = decodeRecord(bytes);
  if (decoded === undefined) return { kind: "refused", reason: UNDECODABLE };
  const reason = checkRecord(decoded.record);
  if (reason !== undefined) return { kind: "refused", reason };
  const record = recordToWriteOf(decoded.record, decoded.parts, digest);
  return record === undefined ? { kind: "refused", reason: "full: is required" } : { kind: "record", record };
}

const UNDECODABLE = "record: cannot be decoded, it is cut, no record, or nested more than 100 levels deep";

/** Whether a serialized record has a mirror that names an experiment, as far as that is seen without decoding it. */
export function namesExperiment(bytes: Uint8Array): boolean {
  const mirror = fieldIn(bytes, MIRROR_FIELD);
  return mirror !== undefined && fieldIn(mirror, EXPERIMENT_FIELD) !== undefined;
}

/** A serialized record whose mirror names no experiment. */
export function withoutExperiment(bytes: Uint8Array): Uint8Array {
  const record = InvocationRecord.decode(bytes);
  const mirror = record.mirror && { ...record.mirror, experiment: undefined };
  return InvocationRecord.encode({ ...record, mirror }).finish();
}

/** `mirror` of InvocationRecord, and `experiment` of Mirror. */
const MIRROR_FIELD = 3;
const EXPERIMENT_FIELD = 3;

/** The bytes of the first field of that number, a message. Undefined: there is none, or the bytes are no message. */
function fieldIn(message: Uint8Array, number: number): Uint8Array | undefined {
  const reader = new BinaryReader(message);
  try {
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field === number && type === 2) return reader.bytes();
      reader.skip(type, field);
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
  return undefined;
}

/**
 * A record, and its bytes cut into the parts that are stored apart: a protobuf message may be cut between its fields, so its
 * parts need no encoding again. Undefined: the bytes are none.
 */
export function decodeRecord(
  bytes: Uint8Array,
): { readonly record: InvocationRecord; readonly parts: RecordParts } | undefined {
  try {
    const parts = partsOf(bytes);
    const { full, payloadShed } = InvocationRecord.decode(new WordReader(joined(parts.full)));
    const { mirror } = InvocationRecord.decode(new WordReader(joined(parts.mirror)));
    return { record: { full, payloads: parts.payload.map(payloadIn), mirror, payloadShed }, parts };
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function partsOf(bytes: Uint8Array): RecordParts {
  const reader = new BinaryReader(bytes);
  const parts: { readonly [Part in keyof RecordParts]: Uint8Array[] } = { full: [], mirror: [], payload: [] };
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, type] = reader.tag();
    reader.skip(type, field);
    const part = partOf(field);
    if (part !== undefined) parts[part].push(bytes.subarray(start, reader.pos));
  }
  return parts;
}

/** In which part a field of InvocationRecord is stored. Undefined: it is not known here, and not stored. */
function partOf(field: number): keyof RecordParts | undefined {
  switch (field) {
    case 1: // full
    case 4: // payload_shed
      return "full";
    case 2: // payloads
      return "payload";
    case 3: // mirror
      return "mirror";
    default:
      return undefined;
  }
}

/** Nearly always there is one piece. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [first, second] = pieces;
  return first !== undefined && second === undefined ? first : Buffer.concat(pieces);
}
