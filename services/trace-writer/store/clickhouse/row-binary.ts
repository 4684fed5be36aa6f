/**
 * Writes ClickHouse's RowBinary: values one after the other, numbers little-endian, texts with their length before
 * them. It is exact where JSON is not (64 bits, bytes that are no text), and needs no parsing. Our own packed values
 * are written with it too.
 */
export class RowWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(expectedBytes = 4096) {
    this.#buffer = Buffer.allocUnsafe(expectedBytes);
  }

  uint8(value: number): this {
    this.#reserve(1);
    this.#length = this.#buffer.writeUInt8(value, this.#length);
    return this;
  }

  uint32(value: number): this {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
    return this;
  }

  int64(value: bigint): this {
    this.#reserve(8);
    this.#length = this.#buffer.writeBigInt64LE(value, this.#length);
    return this;
  }

  uint64(value: bigint): this {
    this.#reserve(8);
    this.#length = this.#buffer.writeBigUInt64LE(value, this.#length);
    return this;
  }

  /** How many things follow, or how long a text is: seven bits a byte. */
  length(value: number): this {
    this.#reserve(5);
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#length++] = rest;
    return this;
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value));
  }

  bytes(value: Uint8Array): this {
    return this.length(value.length).#copy(value);
  }

  /** An id of a fixed length, given as hex digits. */
  id(hex: string): this {
    return this.#copy(Buffer.from(hex, "hex"));
  }

  /** Whether a value follows, and then the value. */
  optional<Value>(value: Value | undefined, write: (value: Value) => unknown): this {
    this.uint8(value === undefined ? 0 : 1);
    if (value !== undefined) write(value);
    return this;
  }

  /** How many bytes were written so far. */
  get size(): number {
    return this.#length;
  }

  /** What was written so far. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #copy(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

/** Reads what {@link RowWriter} writes, in the same order. Throws a RangeError where the bytes end too early. */
export class RowReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get hasMore(): boolean {
    return this.#at < this.#buffer.length;
  }

  uint8(): number {
    const value = this.#buffer.readUInt8(this.#at);
    this.#at += 1;
    return value;
  }

  uint32(): number {
    const value = this.#buffer.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  int64(): bigint {
    const value = this.#buffer.readBigInt64LE(this.#at);
    this.#at += 8;
    return value;
  }

  uint64(): bigint {
    const value = this.#buffer.readBigUInt64LE(this.#at);
    this.#at += 8;
    return value;
  }

  length(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.uint8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  text(): string {
    const bytes = this.bytes();
    return bytes.toString("utf8");
  }

  bytes(): Buffer {
    return this.#take(this.length());
  }

  /** An id of a fixed length, as hex digits. */
  id(bytes: number): string {
    return this.#take(bytes).toString("hex");
  }

  optional<Value>(read: () => Value): Value | undefined {
    return this.uint8() === 0 ? undefined : read();
  }

  /** As many values as a length says. */
  list<Value>(read: () => Value): Value[] {
    return Array.from({ length: this.length() }, read);
  }

  #take(bytes: number): Buffer {
    const end = this.#at + bytes;
    if (end > this.#buffer.length) throw new RangeError("a row of the database ends too early");
    const taken = this.#buffer.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
