/** A row as a database gives it. Integers of 64 bits are bigints, since nanoseconds do not fit a number. */
export type Row = Readonly<Record<string, unknown>>;

/** The integer of a column. Throws where it holds something else: the schema is ours, so that is a bug. */
export function integerIn(row: Row, column: string): bigint {
  return optionalIntegerIn(row, column) ?? wrong(column, "an integer");
}

/** The integer of a column that may be NULL. */
export function optionalIntegerIn(row: Row, column: string): bigint | undefined {
  const value = row[column];
  if (typeof value === "bigint") return value;
  return value === null ? undefined : wrong(column, "an integer");
}

/** The text of a column. */
export function textIn(row: Row, column: string): string {
  return optionalTextIn(row, column) ?? wrong(column, "a text");
}

/** The text of a column that may be NULL. */
export function optionalTextIn(row: Row, column: string): string | undefined {
  const value = row[column];
  if (typeof value === "string") return value;
  return value === null ? undefined : wrong(column, "a text");
}

/** The bytes of a column. */
export function bytesIn(row: Row, column: string): Uint8Array {
  const value = row[column];
  return value instanceof Uint8Array ? value : wrong(column, "bytes");
}

/** An id that is stored as bytes, in hex digits. */
export function hexIn(row: Row, column: string): string {
  return Buffer.from(bytesIn(row, column)).toString("hex");
}

/** An id as it is stored. */
export function idBytes(hex: string): Buffer {
  return Buffer.from(hex, "hex");
}

function wrong(column: string, expected: string): never {
  throw new Error(`column ${column} does not hold ${expected}`);
}
