import type { IncomingHttpHeaders } from "node:http";
import { ServiceError } from "#lib/service-error.ts";
import { mediaTypeOf } from "../content.ts";

/** How the messages of a call are written. */
export type MessageCodec = "proto" | "json";

const VERSION = "1";
/** The protocol's bound of a timeout: ten digits. */
const TIMEOUT_MS = /^[0-9]{1,10}$/;

/** The content types of a method, and how its messages are written then. */
export function contentTypesOf(streams: boolean): ReadonlyMap<string, MessageCodec> {
  const prefix = streams ? "application/connect+" : "application/";
  return new Map([
    [`${prefix}proto`, "proto"],
    [`${prefix}json`, "json"],
  ]);
}

/** How a request's messages are written. Undefined: its content type is none that such a method takes. */
export function codecOf(headers: IncomingHttpHeaders, streams: boolean): MessageCodec | undefined {
  return contentTypesOf(streams).get(mediaTypeOf(headers));
}

/** Refuses a version of the protocol that is not spoken here. A request need not say one, so that curl need not. */
export function requireVersion(headers: IncomingHttpHeaders): void {
  const version = headers["connect-protocol-version"];
  if (version === undefined || version === VERSION) return;
  throw new ServiceError("invalid_request", `connect-protocol-version must be ${VERSION}, or be left out.`);
}

/** How long the caller waits, in milliseconds. Undefined: it does not say. What is no such number is `invalid_request`. */
export function timeoutMsOf(headers: IncomingHttpHeaders): number | undefined {
  const timeout = headers["connect-timeout-ms"];
  if (timeout === undefined) return undefined;
  if (typeof timeout === "string" && TIMEOUT_MS.test(timeout)) return Number(timeout);
  throw new ServiceError("invalid_request", "connect-timeout-ms must be a number of milliseconds: at most ten digits.");
}
