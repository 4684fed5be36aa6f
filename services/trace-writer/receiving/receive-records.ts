import { BinaryReader } from "@bufbuild/protobuf/wire";

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
