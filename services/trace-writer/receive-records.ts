import { BinaryReader } from "@bufbuild/protobuf/wire";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { RecordParts } from "./core/record-to-write.ts";

/** A record as it came: read, and its bytes cut into the parts that are stored apart. */
export interface ReceivedRecord {
  readonly record: InvocationRecord;
  readonly parts: RecordParts;
}

/** `records` of WriteInvocationsRequest. */
const RECORDS_FIELD = 1;

/** The records of a serialized WriteInvocationsRequest, each still serialized. Throws where the bytes are none. */
export function recordsIn(request: Uint8Array): readonly Uint8Array[] {
  const reader = new BinaryReader(request);
  const records: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === RECORDS_FIELD) records.push(reader.bytes());
    else reader.skip(type, field);
  }
  return records;
}

/** One serialized record. Throws where the bytes are none. A protobuf message may be cut between its fields, so its parts need no encoding again. */
export function receiveRecord(bytes: Uint8Array): ReceivedRecord {
  const reader = new BinaryReader(bytes);
  const parts: { readonly [Part in keyof RecordParts]: Uint8Array[] } = { full: [], mirror: [], payload: [] };
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, type] = reader.tag();
    reader.skip(type, field);
    const part = partOf(field);
    if (part !== undefined) parts[part].push(bytes.subarray(start, reader.pos));
  }
  return { record: InvocationRecord.decode(bytes), parts };
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
