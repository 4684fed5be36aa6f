import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type { SpanPayload } from "#proto/twinspan/trace/v1/invocation_record.ts";

/**
 * A payload, from the bytes of a field `payloads` of InvocationRecord, its tag included. As the decoder has it, but
 * that inputs and outputs are views of the bytes: they may be megabytes. Throws where the bytes are cut, or none.
 */
export function payloadIn(field: Uint8Array): SpanPayload {
  const outer = new BinaryReader(field);
  outer.tag();
  const reader = new BinaryReader(outer.bytes());
  const payload: SpanPayload = { spanId: NOTHING, inputs: NOTHING, outputs: NOTHING, errorText: "", truncated: false };
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type === WireType.LengthDelimited && number <= 4) {
      switch (number) {
        case 1:
          payload.spanId = viewOf(reader.bytes());
          break;
        case 2:
          payload.inputs = viewOf(reader.bytes());
          break;
        case 3:
          payload.outputs = viewOf(reader.bytes());
          break;
        default:
          payload.errorText = reader.string();
      }
    } else if (type === WireType.Varint && number === 5) payload.truncated = reader.bool();
    else reader.skip(type, number);
  }
  return payload;
}

const NOTHING = Buffer.alloc(0);

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
