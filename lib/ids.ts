/** A trace's id as 32 lower-case hex digits, not all zero. */
export type TraceIdHex = string;
/** A span's id as 16 lower-case hex digits, not all zero. */
export type SpanIdHex = string;

/** How long a span's id is. */
export const SPAN_ID_BYTES = 8;

/** Where random bytes come from: so many of them, in hex. Tests give one that repeats. */
export type RandomHex = (bytes: number) => string;

const POOL_BYTES = 4096;
/** Made when it is first drawn from: a browser has no `Buffer` yet when this file is loaded. */
let pool: Buffer<ArrayBuffer> | undefined;
let poolOffset = POOL_BYTES;

/** Cryptographically random bytes, drawn from the system 4 KiB at a time: an id costs no system call. */
export const randomHex: RandomHex = (bytes) => {
  pool ??= Buffer.alloc(POOL_BYTES);
  if (poolOffset + bytes > POOL_BYTES) {
    crypto.getRandomValues(pool);
    poolOffset = 0;
  }
  poolOffset += bytes;
  return pool.toString("hex", poolOffset - bytes, poolOffset);
};

/** A new trace id. Its low 56 bits are random, as W3C Trace Context level 2 asks of ids with the random flag. */
export function newTraceId(random: RandomHex = randomHex): TraceIdHex {
  return newId(16, random);
}

/** A new span id. */
export function newSpanId(random: RandomHex = randomHex): SpanIdHex {
  return newId(SPAN_ID_BYTES, random);
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
export function isId(bytes: Uint8Array, size: typeof SPAN_ID_BYTES | 16): boolean {
  return bytes.length === size && bytes.some((byte) => byte !== 0);
}

function newId(bytes: typeof SPAN_ID_BYTES | 16, random: RandomHex): string {
  let hex: string;
  do hex = random(bytes);
  while (isZero(hex));
  return hex;
}

function isZero(hex: string): boolean {
  return /^0+$/.test(hex);
}
