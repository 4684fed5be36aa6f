import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { EMPTY_RECORD } from "#lib/spans/empty-record.ts";
import { WordReader } from "#lib/wire/word-reader.ts";
import { Call, FullTwin, MirrorTwin } from "#proto/twinspan/trace/v1/call.ts";
import { FullTrace, InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { Mirror } from "#proto/twinspan/trace/v1/mirror.ts";
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

/** Of InvocationRecord. */
const FULL_FIELD = 1;
const PAYLOADS_FIELD = 2;
const MIRROR_FIELD = 3;
const PAYLOAD_SHED_FIELD = 4;
const CALL_FIELD = 5;
const FULL_TWIN_FIELD = 6;
const MIRROR_TWIN_FIELD = 7;
/** `experiment` of Mirror, and of MirrorTwin. */
const EXPERIMENT_FIELD = 3;
const EXPERIMENT_OF_TWIN_FIELD = 4;

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
  const record: InvocationRecord = { ...EMPTY_RECORD, payloads: [] };
  const parts: { readonly [Part in keyof RecordParts]: Uint8Array[] } = { full: [], mirror: [], payload: [] };
  const reader = new WordReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const start = reader.pos;
      const [field, type] = reader.tag();
      const places = placesOf(field, type);
      if (places.length === 0 || places === OF_PAYLOAD) reader.skip(type, field);
      else readField(record, field, reader);
      const piece = bytes.subarray(start, reader.pos);
      for (const part of places) parts[part].push(piece);
    }
    for (const piece of parts.payload) record.payloads.push(payloadIn(piece));
    return { record, parts };
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** In which parts a field of InvocationRecord is stored. None: it is not known here, not of that type, and not stored. */
function placesOf(field: number, type: WireType): readonly (keyof RecordParts)[] {
  if (type !== (field === PAYLOAD_SHED_FIELD ? WireType.Varint : WireType.LengthDelimited)) return [];
  switch (field) {
    case FULL_FIELD:
    case PAYLOAD_SHED_FIELD:
    case FULL_TWIN_FIELD:
      return OF_FULL;
    case PAYLOADS_FIELD:
      return OF_PAYLOAD;
    case MIRROR_FIELD:
    case MIRROR_TWIN_FIELD:
      return OF_MIRROR;
    case CALL_FIELD:
      return OF_BOTH;
    default:
      return [];
  }
}

const OF_FULL = ["full"] as const;
const OF_MIRROR = ["mirror"] as const;
const OF_BOTH = ["full", "mirror"] as const;
const OF_PAYLOAD = ["payload"] as const;

/** Reads a field whose tag was read. One that comes again counts as it comes last, as protobuf has it. */
function readField(record: InvocationRecord, field: number, reader: BinaryReader): void {
  switch (field) {
    case FULL_FIELD:
      record.full = messageIn(reader, FullTrace);
      break;
    case MIRROR_FIELD:
      record.mirror = messageIn(reader, Mirror);
      break;
    case PAYLOAD_SHED_FIELD:
      record.payloadShed = reader.bool();
      break;
    case CALL_FIELD:
      record.call = messageIn(reader, Call);
      break;
    case FULL_TWIN_FIELD:
      record.fullTwin = messageIn(reader, FullTwin);
      break;
    case MIRROR_TWIN_FIELD:
      record.mirrorTwin = messageIn(reader, MirrorTwin);
      break;
  }
}

/**
 * A message that must end where it says: the generated decoder stops at a tag that is none, and goes on in the middle
 * of it as if what is left were fields of what it stands in.
 */
function messageIn<Message>(
  reader: BinaryReader,
  { decode }: { readonly decode: (reader: BinaryReader, length: number) => Message },
): Message {
  const length = reader.uint32();
  const end = reader.pos + length;
  const message = decode(reader, length);
  if (reader.pos !== end) throw new RangeError("a message does not end where it says");
  return message;
}
