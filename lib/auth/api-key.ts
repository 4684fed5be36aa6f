import { hash } from "node:crypto";
import { crc32 } from "node:zlib";

/**
 * What every key of twinspan begins with, so that people and secret scanners know one when they see it:
 * `twinspan_[0-9A-Za-z]{49}`.
 */
const PREFIX = "twinspan_";
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** 43 digits of base 62 hold 256 bits. */
const RANDOM_DIGITS = 43;
/** 6 of them hold a CRC-32. */
const CHECK_DIGITS = 6;
const RANDOM_BYTES = 32;
const KEY = new RegExp(`^${PREFIX}[0-9A-Za-z]{${RANDOM_DIGITS + CHECK_DIGITS}}$`);

/** What a key looks like: `wrong` has the prefix, but is cut or mistyped. */
export type KeyForm = "right" | "wrong" | "other";

/** A key from 32 random bytes. The last six characters are a checksum of those before. */
export function apiKeyOf(random: Uint8Array): string {
  if (random.length !== RANDOM_BYTES) throw new Error(`a key is made of ${RANDOM_BYTES} random bytes`);
  const digits = base62Of(BigInt(`0x${Buffer.from(random).toString("hex")}`), RANDOM_DIGITS);
  return PREFIX + digits + checksumOf(PREFIX + digits);
}

/** Tells a key by its looks, without knowing any. */
export function keyFormOf(text: string): KeyForm {
  if (!text.startsWith(PREFIX)) return "other";
  const body = text.slice(0, -CHECK_DIGITS);
  return KEY.test(text) && text.slice(-CHECK_DIGITS) === checksumOf(body) ? "right" : "wrong";
}

/** Whether a text has a key in it, as `Bearer twinspan_…` has. */
export function hasApiKey(text: string): boolean {
  return text.includes(PREFIX);
}

/**
 * What is kept of a key. A fast hash is right here: 256 random bits cannot be guessed, however many guesses a second
 * there are; slow hashes are for what people think up.
 */
export function keyHashOf(key: string): string {
  return `sha256:${hash("sha256", key, "hex")}`;
}

function checksumOf(text: string): string {
  return base62Of(BigInt(crc32(text)), CHECK_DIGITS);
}

function base62Of(value: bigint, length: number): string {
  let digits = "";
  for (let rest = value; digits.length < length; rest /= 62n) digits = (ALPHABET[Number(rest % 62n)] ?? "") + digits;
  return digits;
}
