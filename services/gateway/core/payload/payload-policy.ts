import type { Payload } from "../invocation.ts";
import { DEPTH_MAX, type JsonValue, parsedJson, type Redacted, type Redactor } from "./redactor.ts";

/** What a full trace keeps of its payload (docs/payload.md). */
export interface PayloadPolicy {
  readonly keep: "full" | "preview" | "hash" | "none";
  /** What is kept is cut here, in bytes. */
  readonly bytesMax: number;
  /** The length of each text of a preview, in UTF-16 units. */
  readonly previewCharacters: number;
  /** Undefined: there are no rules. */
  readonly redactor: Redactor | undefined;
  /** What is larger is not looked at, so that it cannot be kept where there are rules, nor be made a preview. */
  readonly lookedAtBytesMax: number;
  /** How long it may take to look at the payload of a call, in milliseconds. */
  readonly timeMs: number;
}

/** Everything is kept, as it is. */
export const KEEP_ALL: PayloadPolicy = {
  keep: "full",
  bytesMax: Number.POSITIVE_INFINITY,
  previewCharacters: 0,
  redactor: undefined,
  lookedAtBytesMax: 0,
  timeMs: 0,
};

/**
 * How much of a request or an answer must be at hand for a policy, in bytes, where `bytesMax` are recorded at the most:
 * all of that where it is looked at before it is cut.
 */
export function handedBytesMaxOf(policy: PayloadPolicy, bytesMax: number): number {
  return isKeptAsItIs(policy) ? policy.bytesMax : bytesMax;
}

function isKeptAsItIs({ keep, redactor }: PayloadPolicy): boolean {
  return keep === "full" && redactor === undefined;
}

/** Why payload is withheld: a rule cannot be applied to it, or no preview made of it. */
export type WithheldReason = "not_json" | "other_format" | "truncated" | "too_large" | "too_slow" | "failed";

/** What is kept of a piece of payload. */
export interface Kept {
  /** Empty: nothing. */
  readonly bytes: Buffer;
  /** Whether it is cut. */
  readonly truncated: boolean;
  /** How many values and matches were blacked out. */
  readonly redactions: number;
  /** Undefined: it is not withheld. */
  readonly withheld: WithheldReason | undefined;
}

/** The SHA-256 of bytes, in hex digits. */
export type Digest = (bytes: Uint8Array) => string;

/** What is kept of a request or an answer. */
export function keptPayloadOf(policy: PayloadPolicy, payload: Payload | undefined, digest: Digest): Kept {
  if (payload === undefined || policy.keep === "none") return NOTHING_KEPT;
  const { bytes, truncated } = payload;
  if (policy.keep === "hash") return { ...NOTHING_KEPT, bytes: hashOf(bytes, digest), truncated };
  // What was cut as JSON is JSON still.
  if (isKeptAsItIs(policy))
    return truncated ? { ...NOTHING_KEPT, bytes, truncated } : cut(bytes, policy.bytesMax, false, 0);
  if (policy.redactor !== undefined && truncated) return withheldFor("truncated");
  if (bytes.length > policy.lookedAtBytesMax) return withheldFor("too_large");
  const value = parsedJson(bytes.toString("utf8"));
  if (value === undefined) return withheldFor("not_json");
  const { what, count } = lookedAt(policy, value);
  return cut(Buffer.from(JSON.stringify(what)), policy.bytesMax, truncated, count);
}

/**
 * What is kept of a request as its provider was sent it, translated. Rules for places mean the places of the caller's
 * format, and would miss what they mean in another.
 */
export function keptTranslationOf(policy: PayloadPolicy, payload: Payload | undefined, digest: Digest): Kept {
  const isShown = policy.keep === "full" || policy.keep === "preview";
  if (payload !== undefined && isShown && policy.redactor?.hasPaths) return withheldFor("other_format");
  return keptPayloadOf(policy, payload, digest);
}

/** What is kept of the text of a failure: what a provider said, or the network. */
export function keptTextOf(policy: PayloadPolicy, text: string, digest: Digest): Kept {
  if (text === "" || policy.keep === "none") return NOTHING_KEPT;
  const bytes = Buffer.from(text);
  if (policy.keep === "hash") return { ...NOTHING_KEPT, bytes: hashOf(bytes, digest) };
  if (isKeptAsItIs(policy)) return cut(bytes, policy.bytesMax, false, 0);
  if (bytes.length > policy.lookedAtBytesMax) return withheldFor("too_large");
  const value = parsedJson(text);
  if (value !== undefined) {
    const { what, count } = lookedAt(policy, value);
    return cut(Buffer.from(JSON.stringify(what)), policy.bytesMax, false, count);
  }
  if (policy.redactor?.hasPaths) return withheldFor("not_json");
  const { what, count } = policy.redactor?.text(text) ?? { what: text, count: 0 };
  const shown = policy.keep === "preview" ? previewOf(what, policy.previewCharacters) : what;
  return cut(Buffer.from(shown), policy.bytesMax, false, count);
}

/** Nothing is kept of it. */
export const NOTHING_KEPT: Kept = { bytes: Buffer.alloc(0), truncated: false, redactions: 0, withheld: undefined };

/** It was there, and is withheld. */
export function withheldFor(reason: WithheldReason): Kept {
  return { ...NOTHING_KEPT, withheld: reason };
}

/** Blacked out first and cut then, so that no half of what a rule would have found is left. */
function lookedAt({ redactor, keep, previewCharacters }: PayloadPolicy, value: JsonValue): Redacted<JsonValue> {
  const redacted = redactor?.json(value) ?? { what: value, count: 0 };
  return keep === "preview" ? { ...redacted, what: previewed(redacted.what, previewCharacters) } : redacted;
}

function cut(bytes: Buffer, bytesMax: number, truncated: boolean, redactions: number): Kept {
  const isLonger = bytes.length > bytesMax;
  return {
    bytes: isLonger ? bytes.subarray(0, bytesMax) : bytes,
    truncated: truncated || isLonger,
    redactions,
    withheld: undefined,
  };
}

function hashOf(bytes: Buffer, digest: Digest): Buffer {
  return Buffer.from(JSON.stringify({ sha256: digest(bytes), bytes: bytes.length }));
}

/** A JSON value with each of its texts, keys included, no longer than that. */
function previewed(value: JsonValue, characters: number, depth = 0): JsonValue {
  if (typeof value === "string") return previewOf(value, characters);
  if (typeof value !== "object" || value === null) return value;
  if (depth > DEPTH_MAX) throw new RangeError(`The payload is nested more than ${DEPTH_MAX} deep.`);
  if (Array.isArray(value)) return value.map((item) => previewed(item, characters, depth + 1));
  const shown: { [key: string]: JsonValue } = Object.create(null);
  for (const [key, inner] of Object.entries(value)) {
    shown[previewOf(key, characters)] = previewed(inner, characters, depth + 1);
  }
  return shown;
}

/** The beginning of a text. Never cuts a character in two. */
function previewOf(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const last = text.charCodeAt(characters - 1);
  const splits = last >= 0xd800 && last <= 0xdbff;
  return `${text.slice(0, splits ? characters - 1 : characters)}…`;
}
