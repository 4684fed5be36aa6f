/**
 * Arrays as PostgreSQL's binary format has them, for parameters that hold a column of many rows: written once, and not
 * as text that is twice as long. The statement must name the type, as in `$1::bytea[]`.
 */
type Column<Value> = (values: readonly (Value | undefined)[]) => Buffer;

/** Dimensions, whether there are NULLs, the elements' type, their number, the first index: five integers of 32 bits. */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const NULL_LENGTH = -1;
const UUID_BYTES = 16;

export const bigints: Column<bigint> = fixed(20, 8, (buffer, value, at) => buffer.writeBigInt64BE(value, at));
export const integers: Column<number> = fixed(23, 4, (buffer, value, at) => buffer.writeInt32BE(value, at));
export const booleans: Column<boolean> = fixed(16, 1, (buffer, value, at) => buffer.writeUInt8(value ? 1 : 0, at));
/** Of ids of 32 hex digits. */
export const uuids: Column<string> = fixed(2950, UUID_BYTES, (buffer, value, at) =>
  buffer.write(value, at, UUID_BYTES, "hex"),
);
export const texts: Column<string> = (values) =>
  variable(
    25,
    values.map((value) => (value === undefined ? undefined : Buffer.from(value))),
  );
export const byteas: Column<Uint8Array> = (values) => variable(17, values);

function fixed<Value>(
  type: number,
  width: number,
  write: (buffer: Buffer, value: Value, at: number) => void,
): Column<Value> {
  return (values) => {
    const buffer = begin(type, values, values.length * (LENGTH_BYTES + width));
    let at = HEADER_BYTES;
    for (const value of values) {
      at = buffer.writeInt32BE(value === undefined ? NULL_LENGTH : width, at);
      if (value === undefined) continue;
      write(buffer, value, at);
      at += width;
    }
    return values.length === 0 ? buffer : buffer.subarray(0, at);
  };
}

function variable(type: number, values: readonly (Uint8Array | undefined)[]): Buffer {
  const bytes = values.reduce((sum, value) => sum + LENGTH_BYTES + (value?.length ?? 0), 0);
  const buffer = begin(type, values, bytes);
  let at = HEADER_BYTES;
  for (const value of values) {
    at = buffer.writeInt32BE(value === undefined ? NULL_LENGTH : value.length, at);
    if (value === undefined) continue;
    buffer.set(value, at);
    at += value.length;
  }
  return buffer;
}

function begin(type: number, values: readonly unknown[], bytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + bytes);
  buffer.writeInt32BE(values.length === 0 ? 0 : 1, 0);
  buffer.writeInt32BE(values.includes(undefined) ? 1 : 0, 4);
  buffer.writeInt32BE(type, 8);
  buffer.writeInt32BE(values.length, 12);
  buffer.writeInt32BE(1, 16);
  return values.length === 0 ? buffer.subarray(0, 12) : buffer;
}
