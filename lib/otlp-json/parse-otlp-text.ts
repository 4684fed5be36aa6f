import { ServiceError } from "#lib/service-error.ts";

/** How many objects, lists and members an export may hold: each is some fifty bytes in memory, however short its text. */
const PARTS_MAX = 4_000_000;
/** A whole number of so many digits may be beyond what a double holds exactly. */
const LONG_NUMBER = /[:[,\s]-?\d{16,}/;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const BRACE = 0x7b;
const BRACKET = 0x5b;

/**
 * The JSON of an OTLP export. Numbers that a double cannot hold come as their digits: senders may write nanoseconds as
 * numbers, and they must arrive to the last digit. Throws `invalid_request` where it is no JSON, and
 * `request_too_large` where it holds more than four million objects, lists and members.
 */
export function parseOtlpText(body: Buffer): unknown {
  if (holdsMoreThan(PARTS_MAX, body)) {
    throw new ServiceError(
      "request_too_large",
      `The body holds more than ${PARTS_MAX} objects, lists and members. Send smaller batches.`,
    );
  }
  const text = body.toString("utf8");
  try {
    return LONG_NUMBER.test(text) ? JSON.parse(text, exactly) : JSON.parse(text);
  } catch (cause) {
    throw new ServiceError("invalid_request", "The body is not JSON. Send OTLP/JSON, or protobuf under its own type.", {
      cause,
    });
  }
}

/** Whether there are more parts than that, before anything is made of them. Texts are skipped. */
function holdsMoreThan(partsMax: number, body: Buffer): boolean {
  // Every part takes two bytes at the least.
  if (body.length <= partsMax) return false;
  let parts = 0;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) at = endOfText(body, at);
    else if (byte === COMMA || byte === BRACE || byte === BRACKET) parts += 1;
    if (parts > partsMax) return true;
  }
  return false;
}

/** The place of the quote that ends the text begun at `start`, or the body's end. */
function endOfText(body: Buffer, start: number): number {
  let end = body.indexOf(QUOTE, start + 1);
  while (end !== -1 && isEscaped(body, end)) end = body.indexOf(QUOTE, end + 1);
  return end === -1 ? body.length : end;
}

/** Whether an odd number of backslashes stands before it. */
function isEscaped(body: Buffer, at: number): boolean {
  let before = at - 1;
  while (body[before] === BACKSLASH) before -= 1;
  return (at - before) % 2 === 0;
}

/** A reviver that is told how a number was written, as ECMAScript's source text access has it. */
function exactly(_name: string, value: unknown, ...rest: readonly unknown[]): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const [context] = rest;
  if (typeof context !== "object" || context === null || !("source" in context)) return value;
  const { source } = context;
  return typeof source === "string" && /^-?\d+$/.test(source) ? source : value;
}
