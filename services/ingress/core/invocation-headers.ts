import type { IncomingHttpHeaders } from "node:http";
import { ACCOUNT_HEADERS, KEY_HEADERS } from "#lib/credentials.ts";
import type { Header } from "#proto/twinspan/gateway/v1/invocation.ts";
import { queryCredentialsOf } from "./address.ts";

/** The headers that are part of a dialect, and go on to providers that speak it. */
const DIALECT_HEADERS = ["anthropic-beta", "anthropic-version", "idempotency-key", "openai-beta"];

/** The headers that a raw request takes along besides. */
const RAW_HEADERS = ["accept", "content-type"];

/** A longer value is no header of a dialect. */
const VALUE_CHARACTERS_MAX = 8192;
/** What HTTP takes as a value. */
const VALUE = /^[\x20-\x7e\x80-\xff]+$/;

/** A request's headers that are part of its dialect. */
export function dialectHeadersOf(headers: IncomingHttpHeaders, isRaw: boolean): Header[] {
  return pickedOf(headers, isRaw ? [...DIALECT_HEADERS, ...RAW_HEADERS] : DIALECT_HEADERS);
}

/**
 * A caller's own credentials, for endpoints that pass them on: those in its headers, and those in its query that no
 * header names. `x-twinspan-key` is none of them.
 */
export function credentialsOf(headers: IncomingHttpHeaders, url: string): Header[] {
  const picked = pickedOf(headers, [...KEY_HEADERS, ...ACCOUNT_HEADERS]);
  const asked = queryCredentialsOf(url).filter(({ name, value }) => headers[name] === undefined && isValue(value));
  return [...picked, ...asked];
}

function pickedOf(headers: IncomingHttpHeaders, names: readonly string[]): Header[] {
  const picked: Header[] = [];
  for (const name of names) {
    const value = headers[name];
    if (typeof value === "string" && isValue(value)) picked.push({ name, value });
  }
  return picked;
}

function isValue(value: string): boolean {
  return value.length <= VALUE_CHARACTERS_MAX && VALUE.test(value);
}
