import { isUtf8 } from "node:buffer";
import type { Payload } from "../../core/invocation.ts";

/** A raw request, as it is recorded. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Empty: the caller did not say. */
  readonly contentType: string;
  readonly body: Buffer;
}

/**
 * A raw request for the record: a JSON object of its method, path, query and body, which says where the bytes went. At
 * most `bytesMax` of it are the body.
 */
export function recordedRequestOf(request: RecordedRequest, bytesMax: number): Payload {
  const { method, path, query, contentType, body } = request;
  const target = JSON.stringify(query === "" ? { method, path } : { method, path, query });
  if (body.length === 0) return { bytes: Buffer.from(target), truncated: false };
  const recorded = recordedBodyOf(body, contentType, bytesMax);
  const bytes = Buffer.concat([Buffer.from(`${target.slice(0, -1)},"body":`), recorded.bytes, Buffer.from("}")]);
  return { bytes, truncated: recorded.truncated };
}

/**
 * A body for the record, always as JSON, so that every reader of traces can show it: JSON as it came, other text as a
 * string, and what is no text as a string that is a data URL (RFC 2397). At most `bytesMax` long; what is longer is
 * cut.
 */
export function recordedBodyOf(body: Buffer, contentType: string, bytesMax: number): Payload {
  const head = wholeCharactersOf(body, bytesMax);
  if (!isText(head)) return dataUrlOf(body, contentType, bytesMax);
  const isWhole = head.length === body.length;
  return isWhole && isJson(contentType) ? { bytes: head, truncated: false } : quotedOf(body, head, bytesMax);
}

/** Whether a content type says JSON. */
export function isJson(contentType: string): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(contentType);
}

/** The first bytes, at most so many, without a character that would be cut in two. */
function wholeCharactersOf(body: Buffer, bytesMax: number): Buffer {
  let end = Math.min(body.length, bytesMax);
  for (let back = 0; back < 3 && end < body.length && isContinuation(body[end]); back += 1) end -= 1;
  return body.subarray(0, end);
}

/** Whether a byte of UTF-8 goes on with a character that began before it. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Text is UTF-8 without control characters other than white space. */
function isText(bytes: Buffer): boolean {
  if (!isUtf8(bytes)) return false;
  for (const byte of bytes) {
    if (byte < 0x20 && !WHITE_SPACE.has(byte)) return false;
  }
  return true;
}

/** Tab, line feed, form feed, carriage return. */
const WHITE_SPACE = new Set([0x09, 0x0a, 0x0c, 0x0d]);

function quotedOf(body: Buffer, head: Buffer, bytesMax: number): Payload {
  const whole = Buffer.from(JSON.stringify(head.toString("utf8")));
  if (whole.length <= bytesMax) return { bytes: whole, truncated: head.length < body.length };
  // Escapes at most double a text, since it has no control characters.
  const half = wholeCharactersOf(body, Math.max(0, Math.floor(bytesMax / 2) - 1));
  return { bytes: Buffer.from(JSON.stringify(half.toString("utf8"))), truncated: true };
}

function dataUrlOf(body: Buffer, contentType: string, bytesMax: number): Payload {
  const type = /^[\w.+-]{1,64}\/[\w.+-]{1,64}/.exec(contentType)?.[0] ?? "application/octet-stream";
  const prefix = `"data:${type};base64,`;
  const bytes = Math.max(0, Math.floor((bytesMax - prefix.length - 1) / 4) * 3);
  const text = `${prefix}${body.subarray(0, bytes).toString("base64")}"`;
  return { bytes: Buffer.from(text), truncated: body.length > bytes };
}
