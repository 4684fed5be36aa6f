/** A serialized message that stands for many: where its ids, its session and its times stand. */
export interface Template {
  readonly bytes: Buffer;
  readonly spots: readonly Spot[];
}

/** What is particular to one message of many. */
export interface Stamp {
  /** Which one it is. */
  readonly number: number;
  /** How much later it happened than its template, in nanoseconds. */
  readonly laterNs: bigint;
}

type Spot =
  | { readonly kind: "id"; readonly offset: number; readonly id: IdName }
  | { readonly kind: "idText"; readonly offset: number; readonly id: IdName }
  | { readonly kind: "session"; readonly offset: number }
  | { readonly kind: "time"; readonly offset: number; readonly ns: bigint };

/** The two traces of a record. */
export type IdName = "full" | "agent";

/** A session's name in a template: as long as {@link sessionOf} makes it. */
export const SESSION = "session-00000000";
/** One message happens so long after another, in nanoseconds: a million of them take 30 days. */
export const STEP_NS = 2_592_000_000n;
/** So many messages share a session. */
const SESSION_MESSAGES = 5;

/** The session of a message. */
export function sessionOf(number: number): string {
  return `session-${String(Math.floor(number / SESSION_MESSAGES)).padStart(8, "0")}`;
}

/** The id of a trace of a message: no two have the same, and it says nothing of the order. */
export function idOf(id: IdName, number: number): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  const salt = id === "full" ? 1 : 2;
  for (let word = 0; word < 3; word += 1) bytes.writeUInt32LE(mixed(number * 4 + word, salt), word * 4);
  bytes.writeUInt32LE(number, 12);
  return bytes;
}

/**
 * Looks in a serialized message for what is to be stamped: its ids as bytes and as hex digits, its session, its times
 * as fixed64. A time that stands there by chance would be stamped as well: eight bytes do not.
 */
export function templateOf(
  bytes: Buffer,
  ids: Readonly<Partial<Record<IdName, string>>>,
  timesNs: readonly bigint[],
): Template {
  const spots: Spot[] = [];
  for (const id of ["full", "agent"] as const) {
    const hex = ids[id];
    if (hex === undefined) continue;
    for (const offset of offsetsOf(bytes, Buffer.from(hex, "hex"))) spots.push({ kind: "id", offset, id });
    for (const offset of offsetsOf(bytes, Buffer.from(hex))) spots.push({ kind: "idText", offset, id });
  }
  for (const offset of offsetsOf(bytes, Buffer.from(SESSION))) spots.push({ kind: "session", offset });
  for (const ns of new Set(timesNs)) {
    const fixed64 = Buffer.alloc(8);
    fixed64.writeBigUInt64LE(ns);
    for (const offset of offsetsOf(bytes, fixed64)) spots.push({ kind: "time", offset, ns });
  }
  return { bytes, spots };
}

/** A copy of a template as one of its many: some microseconds. */
export function stamped({ bytes, spots }: Template, { number, laterNs }: Stamp): Buffer {
  const copy = Buffer.from(bytes);
  const ids = { full: idOf("full", number), agent: idOf("agent", number) };
  for (const spot of spots) {
    if (spot.kind === "id") ids[spot.id].copy(copy, spot.offset);
    else if (spot.kind === "idText") copy.write(ids[spot.id].toString("hex"), spot.offset, "latin1");
    else if (spot.kind === "session") copy.write(sessionOf(number), spot.offset, "latin1");
    else copy.writeBigUInt64LE(spot.ns + laterNs, spot.offset);
  }
  return copy;
}

function offsetsOf(bytes: Buffer, wanted: Buffer): readonly number[] {
  const offsets: number[] = [];
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + wanted.length)) offsets.push(at);
  return offsets;
}

function mixed(number: number, salt: number): number {
  let value = (Math.imul(number + 1, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b)) >>> 0;
  value = Math.imul(value ^ (value >>> 15), value | 1);
  value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
  return (value ^ (value >>> 14)) >>> 0;
}
