import { statusDetailsOf } from "#lib/rpc/status-details.ts";
import { meaningOf, type ServiceError } from "#lib/service-error.ts";
import { HttpRefusal, statusOf } from "../http-refusal.ts";

/** A code of the Connect protocol, and the HTTP status that goes with it. */
interface ConnectCode {
  readonly name: string;
  readonly http: number;
}

/** The codes by gRPC's number (https://connectrpc.com/docs/protocol#error-codes). */
const CODES: ReadonlyMap<number, ConnectCode> = new Map([
  [1, { name: "canceled", http: 499 }],
  [3, { name: "invalid_argument", http: 400 }],
  [4, { name: "deadline_exceeded", http: 504 }],
  [5, { name: "not_found", http: 404 }],
  [6, { name: "already_exists", http: 409 }],
  [7, { name: "permission_denied", http: 403 }],
  [8, { name: "resource_exhausted", http: 429 }],
  [9, { name: "failed_precondition", http: 400 }],
  [13, { name: "internal", http: 500 }],
  [14, { name: "unavailable", http: 503 }],
  [16, { name: "unauthenticated", http: 401 }],
]);
const UNKNOWN: ConnectCode = { name: "unknown", http: 500 };

/** What is not there, or not spoken here. */
const UNIMPLEMENTED: ConnectCode = { name: "unimplemented", http: 501 };

/** A failure as the Connect protocol tells it. The details are google.rpc's, the same as over gRPC. */
export function connectErrorOf(error: ServiceError) {
  return {
    code: codeOf(error).name,
    message: error.message,
    details: statusDetailsOf(error).map(({ typeUrl, value }) => ({
      type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
      value: value.toString("base64").replace(/=+$/, ""),
    })),
  };
}

/** The HTTP status of a unary call that failed. */
export function connectStatusOf(error: ServiceError): number {
  const isOfHttp = error instanceof HttpRefusal && error.code !== "unsupported_encoding";
  return isOfHttp ? statusOf(error) : codeOf(error).http;
}

function codeOf(error: ServiceError): ConnectCode {
  const isUnimplemented =
    error instanceof HttpRefusal && (error.code === "unknown_url" || error.code === "unsupported_encoding");
  return isUnimplemented ? UNIMPLEMENTED : (CODES.get(meaningOf(error.kind).grpc) ?? UNKNOWN);
}
