import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
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
  return { kind: "record", record: recordToWriteOf(decoded.record, decoded.parts, digest) };
}

const UNDECODABLE = "record: cannot be decoded, it is cut, no record, or nested more than 100 levels deep";

/** Whether a serialized record has a mirror that names an experiment, as far as that is seen without decoding it. */
export function namesExperiment(bytes: Uint8Array): boolean {
  return (
    fieldsIn(bytes, MIRROR_TWIN_FIELD).some((twin) => fieldsIn(twin, EXPERIMENT_OF_TWIN_FIELD).length > 0) ||
    fieldsIn(bytes, MIRROR_FIELD).some((mirror) => fieldsIn(mirror, EXPERIMENT_FIELD).length > 0)
  );
}

/** A serialized record whose mirror names no experiment. */
export function withoutExperiment(bytes: Uint8Array): Uint8Array {
  const record = InvocationRecord.decode(bytes);
  const mirror = record.mirror && { ...record.mirror, experiment: undefined };
  const mirrorTwin = record.mirrorTwin && { ...record.mirrorTwin, experiment: undefined };
  return InvocationRecord.encode({ ...record, mirror, mirrorTwin }).finish();
}

/** `mirror_twin` and `mirror` of InvocationRecord, and `experiment` of each. */
const MIRROR_TWIN_FIELD = 7;
const EXPERIMENT_OF_TWIN_FIELD = 4;
const MIRROR_FIELD = 3;
const EXPERIMENT_FIELD = 3;

/** The bytes of all fields of that number, messages. Of bytes that are no message those before the fault. */
function fieldsIn(message: Uint8Array, number: number): readonly Uint8Array[] {
  const reader = new BinaryReader(message);
  const found: Uint8Array[] = [];
  try {
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field === number && type === WireType.LengthDelimited) found.push(reader.bytes());
      else reader.skip(type, field);
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
  return found;
}

/**
 * A record, and its bytes cut into the parts that are stored apart: a protobuf message may be cut between its fields,
 * so its parts need no encoding again. Undefined: the bytes are none.
 */
export function decodeRecord(
  bytes: Uint8Array,
): { readonly record: InvocationRecord; readonly parts: RecordParts } | undefined {
  try {
    const { parts, told } = cut(bytes);
    const record = InvocationRecord.decode(new WordReader(told));
    record.payloads = parts.payload.map(payloadIn);
    return { record, parts };
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** `told` is all but the payload, which comes last in what gateways send: then nothing is copied. */
function cut(bytes: Uint8Array): { readonly parts: RecordParts; readonly told: Uint8Array } {
  const reader = new BinaryReader(bytes);
  const parts: { readonly [Part in keyof RecordParts]: Uint8Array[] } = { full: [], mirror: [], payload: [] };
  const told: Uint8Array[] = [];
  let toldEnd = 0;
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, type] = reader.tag();
    reader.skip(type, field);
    const piece = bytes.subarray(start, reader.pos);
    const places = placesOf(field, type);
    for (const part of places) parts[part].push(piece);
    if (places === OF_PAYLOAD) continue;
    told.push(piece);
    toldEnd = reader.pos;
  }
  const isFirst = parts.payload.every(({ byteOffset }) => byteOffset - bytes.byteOffset >= toldEnd);
  return { parts, told: isFirst ? bytes.subarray(0, toldEnd) : Buffer.concat(told) };
}

/** In which parts a field of InvocationRecord is stored. None: it is not known here, not of that type, and not stored. */
function placesOf(field: number, type: WireType): readonly (keyof RecordParts)[] {
  if (type !== (field === PAYLOAD_SHED_FIELD ? WireType.Varint : WireType.LengthDelimited)) return [];
  switch (field) {
    case 1: // full
    case PAYLOAD_SHED_FIELD:
    case 6: // full_twin
      return OF_FULL;
    case 2: // payloads
      return OF_PAYLOAD;
    case 3: // mirror
    case 7: // mirror_twin
      return OF_MIRROR;
    case 5: // call
      return OF_BOTH;
    default:
      return [];
  }
}

const PAYLOAD_SHED_FIELD = 4;
const OF_FULL = ["full"] as const;
const OF_MIRROR = ["mirror"] as const;
const OF_BOTH = ["full", "mirror"] as const;
const OF_PAYLOAD = ["payload"] as const;
