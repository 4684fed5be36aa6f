import { randomBytes } from "node:crypto";
import type { Load } from "./load.ts";

/** The bytes of a connection's requests: the same again and again, but for the trace context. */
export interface RequestBytes {
  /** Those of the next request. The request before must have left: they are in the same place. */
  next(): Buffer;
}

/** In hexadecimal digits. */
const TRACE_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;
const COUNT_DIGITS = 12;

/** Makes them for one connection. No two connections, of any process, give the same trace id. */
export function createRequestBytes({ port, path, headers, body, withContext }: Load): RequestBytes {
  const lines = [
    `POST ${path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  const blank = `traceparent: 00-${"0".repeat(TRACE_ID_DIGITS)}-${"0".repeat(SPAN_ID_DIGITS)}-01`;
  const bytes = Buffer.from(`${[...lines, ...(withContext ? [blank] : [])].join("\r\n")}\r\n\r\n${body}`);
  if (!withContext) return { next: () => bytes };
  const traceAt = bytes.indexOf(blank) + "traceparent: 00-".length;
  const spanAt = traceAt + TRACE_ID_DIGITS + 1;
  const connection = randomBytes((TRACE_ID_DIGITS - COUNT_DIGITS) / 2).toString("hex");
  bytes.write(connection, traceAt, "latin1");
  let count = 0;
  return {
    next() {
      count += 1;
      const digits = count.toString(16).padStart(COUNT_DIGITS, "0");
      bytes.write(digits, traceAt + TRACE_ID_DIGITS - COUNT_DIGITS, "latin1");
      bytes.write(digits, spanAt + SPAN_ID_DIGITS - COUNT_DIGITS, "latin1");
      return bytes;
    },
  };
}
