import type { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { AttributeValue } from "./attributes.ts";

/** The tags of OTLP's messages that attributes consist of: a span's `attributes`, KeyValue, AnyValue and ArrayValue. */
const ATTRIBUTE = (9 << 3) | 2;
const KEY = (1 << 3) | 2;
const VALUE = (2 << 3) | 2;
const STRING = (1 << 3) | 2;
const BOOL = 2 << 3;
const INT = 3 << 3;
const DOUBLE = (4 << 3) | 1;
const ARRAY = (5 << 3) | 2;
const ITEM = (1 << 3) | 2;

/**
 * Writes attributes into a span that is being written: the bytes of what `attributesOf` makes of them, but nothing is
 * made. Attributes are most of a span.
 */
export function writeAttributes(writer: BinaryWriter, values: Readonly<Record<string, AttributeValue>>): void {
  for (const key in values) {
    const value = values[key];
    if (value === undefined) continue;
    writer.uint32(ATTRIBUTE).fork().uint32(KEY).string(key).uint32(VALUE).fork();
    writeValue(writer, value);
    writer.join().join();
  }
}

function writeValue(writer: BinaryWriter, value: Exclude<AttributeValue, undefined>): void {
  switch (typeof value) {
    case "string":
      writer.uint32(STRING).string(value);
      break;
    case "bigint":
      writer.uint32(INT).int64(value);
      break;
    case "boolean":
      writer.uint32(BOOL).bool(value);
      break;
    case "number":
      if (Number.isSafeInteger(value)) writer.uint32(INT).int64(value);
      else writer.uint32(DOUBLE).double(value);
      break;
    default:
      writer.uint32(ARRAY).fork();
      for (const item of value) writer.uint32(ITEM).fork().uint32(STRING).string(item).join();
      writer.join();
  }
}
