import type { IncomingHttpHeaders } from "node:http";
import { anthropicErrorOf } from "#lib/errors/anthropic-error.ts";
import { geminiErrorOf } from "#lib/errors/gemini-error.ts";
import { openAiErrorOf } from "#lib/errors/openai-error.ts";
import { type ErrorKind, meaningOf, type ServiceError } from "#lib/service-error.ts";
import { Status } from "#proto/google/rpc/status.ts";
import { connectErrorOf, connectStatusOf } from "./connect/connect-error.ts";
import { mediaTypeOf } from "./content.ts";
import { HttpRefusal, statusOf } from "./http-refusal.ts";

/** The body of an error, as the clients of some part of the surface expect it. */
interface ErrorBody {
  /** The HTTP status, where the dialect has a table of its own. */
  readonly status?: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** Writes failures in one dialect. */
export type ErrorDialect = (error: ServiceError) => ErrorBody;

/** OTLP's media type for protobuf. */
export const PROTOBUF = "application/x-protobuf";
const JSON_TYPE = "application/json";

/** What the console asks beside the contracts' methods. */
const OF_CONSOLE = ["/sign-in", "/sign-out", "/who-am-i"];

/** The dialect of a path: each part of the surface has clients that know one kind of error. */
export function errorDialectOf(path: string, headers: IncomingHttpHeaders): ErrorDialect {
  if (isAt(path, "/v1/traces")) return mediaTypeOf(headers) === PROTOBUF ? otlpProtobufError : otlpJsonError;
  if (isAt(path, "/anthropic") || isAt(path, "/gateway/anthropic")) return anthropicError;
  if (isAt(path, "/gemini") || isAt(path, "/gateway/gemini")) return geminiError;
  if (isAt(path, "/v1") || isAt(path, "/gateway")) return openAiError;
  if (isAt(path, "/api") || isAt(path, "/ajax-api")) return mlflowError;
  if (path.startsWith("/twinspan.") || OF_CONSOLE.includes(path)) return connectError;
  return plainError;
}

/** OpenAI's error object. */
export const openAiError: ErrorDialect = (error) => {
  const told = openAiErrorOf(error);
  return jsonBody(error instanceof HttpRefusal ? { error: { ...told.error, code: error.code } } : told);
};

/** Anthropic's error object. */
const anthropicError: ErrorDialect = (error) => jsonBody(anthropicErrorOf(error));

/** Gemini's error object, which repeats the HTTP status. */
const geminiError: ErrorDialect = (error) => {
  const told = geminiErrorOf(error).error;
  return jsonBody({ error: { ...told, code: statusOf(error) } });
};

/** `google.rpc.Status`, in the two encodings of OTLP. */
const otlpProtobufError: ErrorDialect = (error) => ({
  contentType: PROTOBUF,
  body: Buffer.from(Status.encode({ ...statusMessageOf(error), details: [] }).finish()),
});
const otlpJsonError: ErrorDialect = (error) => jsonBody(statusMessageOf(error));

/** MLflow's error object. */
const mlflowError: ErrorDialect = (error) => jsonBody({ error_code: mlflowCodeOf(error), message: error.message });

/** The Connect protocol's error. */
const connectError: ErrorDialect = (error) => ({
  ...jsonBody(connectErrorOf(error)),
  status: connectStatusOf(error),
});

/** For people. */
const plainError: ErrorDialect = (error) => ({
  contentType: "text/plain; charset=utf-8",
  body: Buffer.from(`${error.message}\n`),
});

/** MLflow's words for our kinds; its clients choose their exception by them. */
const MLFLOW_CODES: Readonly<Partial<Record<ErrorKind, string>>> = {
  invalid_request: "INVALID_PARAMETER_VALUE",
  unauthenticated: "UNAUTHENTICATED",
  permission_denied: "PERMISSION_DENIED",
  not_found: "RESOURCE_DOES_NOT_EXIST",
  already_exists: "RESOURCE_ALREADY_EXISTS",
  experiments_full: "RESOURCE_LIMIT_EXCEEDED",
  request_too_large: "INVALID_PARAMETER_VALUE",
  unsupported_media_type: "BAD_REQUEST",
  rate_limited: "REQUEST_LIMIT_EXCEEDED",
  overloaded: "TEMPORARILY_UNAVAILABLE",
  unavailable: "TEMPORARILY_UNAVAILABLE",
  cancelled: "CANCELLED",
  deadline_exceeded: "DEADLINE_EXCEEDED",
};

function mlflowCodeOf(error: ServiceError): string {
  if (error instanceof HttpRefusal) return error.code === "unknown_url" ? "ENDPOINT_NOT_FOUND" : "BAD_REQUEST";
  return MLFLOW_CODES[error.kind] ?? "INTERNAL_ERROR";
}

function statusMessageOf(error: ServiceError): { readonly code: number; readonly message: string } {
  return { code: meaningOf(error.kind).grpc, message: error.message };
}

function jsonBody(body: object): ErrorBody {
  return { contentType: JSON_TYPE, body: Buffer.from(JSON.stringify(body)) };
}

function isAt(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}
