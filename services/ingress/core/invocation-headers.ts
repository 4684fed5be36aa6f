import type { IncomingHttpHeaders } from "node:http";
import { ACCOUNT_HEADERS, KEY_HEADERS } from "#lib/credentials.ts";
import type { Header } from "#proto/twinspan/gateway/v1/invocation.ts";
import { queryCredentialsOf } from "./address.ts";

/** The headers that are part of a dialect, and go on to providers that speak it. */
const DIALECT_HEADERS = ["anthropic-beta", "anthropic-version", "idempotency-key", "openai-beta"];

/** Those of a raw request: it takes two along besides. */
const RAW_HEADERS = [...DIALECT_HEADERS, "accept", "content-type"];
/** The headers that may hold a caller's own credentials, or say whose they are. */
const CREDENTIAL_HEADERS = [...KEY_HEADERS, ...ACCOUNT_HEADERS];

/** A longer value is no header of a dialect. */
const VALUE_CHARACTERS_MAX = 8192;
/** What HTTP takes as a value. */
const VALUE = /^[\x20-\x7e\x80-\xff]+$/;

/** A request's headers that are part of its dialect. */
export function dialectHeadersOf(headers: IncomingHttpHeaders, isRaw: boolean): Header[] {
  return pickedOf(headers, isRaw ? RAW_HEADERS : DIALECT_HEADERS);
}

/**
 * A caller's own credentials, for endpoints that pass them on: those in its headers, and those in its query that no
 * header names. `x-twinspan-key` is none of them.
 */
export function credentialsOf(headers: IncomingHttpHeaders, url: string): Header[] {
  const picked = pickedOf(headers, CREDENTIAL_HEADERS);
  for (const { name, value } of queryCredentialsOf(url)) {
    if (headers[name] === undefined && isValue(value)) picked.push({ name, value });
  }
  return picked;
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
