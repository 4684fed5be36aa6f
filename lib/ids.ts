/** A trace's id as 32 lower-case hex digits, not all zero. */
export type TraceIdHex = string;
/** A span's id as 16 lower-case hex digits, not all zero. */
export type SpanIdHex = string;

/** Where random bytes come from: fills the buffer it is given. Tests give one that repeats. */
export type FillRandom = (buffer: Buffer) => void;

const pool = Buffer.alloc(4096);
let poolOffset = pool.length;

/** Cryptographically random bytes, drawn from the system 4 KiB at a time: an id costs no system call. */
export const fillRandom: FillRandom = (buffer) => {
  if (poolOffset + buffer.length > pool.length) {
    crypto.getRandomValues(pool);
    poolOffset = 0;
  }
  pool.copy(buffer, 0, poolOffset, poolOffset + buffer.length);
  poolOffset += buffer.length;
};

/** A new trace id. Its low 56 bits are random, as W3C Trace Context level 2 asks of ids with the random flag. */
export function newTraceId(fill: FillRandom = fillRandom): TraceIdHex {
  return newId(16, fill);
}

/** A new span id. */
export function newSpanId(fill: FillRandom = fillRandom): SpanIdHex {
  return newId(8, fill);
}

/** The id under which MLflow and our own headers know a trace: `tr-` and its hex digits. */
export function traceNameOf(traceId: TraceIdHex): string {
  return `tr-${traceId}`;
}

/** The inverse of {@link traceNameOf}; also takes the bare hex digits, in any case. Undefined: not a trace's id. */
export function parseTraceName(text: string): TraceIdHex | undefined {
  const hex = (text.startsWith("tr-") ? text.slice(3) : text).toLowerCase();
  return /^[0-9a-f]{32}$/.test(hex) && !isZero(hex) ? hex : undefined;
}

/** Whether bytes are an id of that size: 16 for traces, 8 for spans; all zero is none. */
export function isId(bytes: Uint8Array, size: 8 | 16): boolean {
  return bytes.length === size && bytes.some((byte) => byte !== 0);
}

function newId(bytes: 8 | 16, fill: FillRandom): string {
  const buffer = Buffer.allocUnsafe(bytes);
  let hex: string;
  do {
    fill(buffer);
    hex = buffer.toString("hex");
  } while (isZero(hex));
  return hex;
}

function isZero(hex: string): boolean {
  return /^0+$/.test(hex);
}
