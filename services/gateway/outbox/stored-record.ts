/** A record that waits, as it goes over the wire. */
export interface WaitingRecord {
  /** Its place in the order. */
  readonly seq: number;
  readonly traceId: string;
  readonly told: Uint8Array;
  readonly payload: Uint8Array;
  /** When it came, in milliseconds since the Unix epoch. */
  readonly addedMs: number;
}

/** The same, with the segment that has it. */
export interface StoredRecord extends WaitingRecord {
  readonly segment: number;
}

/** The bytes of a record. */
export function bytesOf({ told, payload }: Pick<WaitingRecord, "told" | "payload">): number {
  return told.length + payload.length;
}
