import { meaningOf, type ServiceError } from "../service-error.ts";

/** An error as Gemini's API writes it: Google's JSON form of `google.rpc.Status`, with the HTTP status. */
export interface GeminiError {
  readonly error: {
    /** The HTTP status it goes out with. */
    readonly code: number;
    /** What is wrong, where, and what to do. Never quotes payload. */
    readonly message: string;
    /** The name of the gRPC code. */
    readonly status: string;
  };
}

/** The names of the gRPC codes, by number. */
const STATUSES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/** A failure in Gemini's words (https://google.aip.dev/193). It goes out with the HTTP status of its kind, or in a stream. */
export function geminiErrorOf(error: ServiceError): GeminiError {
  const { grpc, http } = meaningOf(error.kind);
  return { error: { code: http, message: error.message, status: STATUSES[grpc] ?? "UNKNOWN" } };
}
