import { Metadata, type ServiceError as RpcError, status } from "@grpc/grpc-js";
import type { Any } from "#proto/google/protobuf/any.ts";
import { BadRequest, ErrorInfo, RetryInfo } from "#proto/google/rpc/error_details.ts";
import { Status } from "#proto/google/rpc/status.ts";
import { isErrorKind, meaningOf, ServiceError } from "../service-error.ts";

const DETAILS_KEY = "grpc-status-details-bin";
const DOMAIN = "twinspan";

/** A failure as grpc-js wants it: code, message, and metadata with the rich details (google.rpc.Status). */
export interface RpcFailure {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

/** The failure that goes over the wire for `error`. `trailers` are sent with it. */
export function rpcFailureOf(error: ServiceError, trailers: Metadata = new Metadata()): RpcFailure {
  return rpcFailureOfStatus(statusOf(error), trailers);
}

/** An error with its details, as messages carry it. */
export function statusOf(error: ServiceError): Status {
  return { code: meaningOf(error.kind).grpc, message: error.message, details: statusDetailsOf(error) };
}

/** The failure of a call that ends with this status. `trailers` are sent with it. */
export function rpcFailureOfStatus(status: Status, trailers: Metadata): RpcFailure {
  const metadata = trailers.clone();
  metadata.set(DETAILS_KEY, Buffer.from(Status.encode(status).finish()));
  return { code: status.code, details: status.message, metadata };
}

/** The error that a stream of grpc-js ended with: it is one of its own, though its types say less. */
export function rpcErrorOf(error: Error): RpcError {
  if ("code" in error && "details" in error && "metadata" in error) {
    const { code, details, metadata } = error;
    if (typeof code === "number" && typeof details === "string" && metadata instanceof Metadata) {
      return Object.assign(error, { code, details, metadata });
    }
  }
  return Object.assign(error, { code: status.UNKNOWN, details: error.message, metadata: new Metadata() });
}

/**
 * The failure that a call to another service ended with. A kind that the other side named is kept, with its message;
 * otherwise `peer` (as in "the gateway") is named in a message of ours, and the original is the cause.
 */
export function serviceErrorOfRpc(error: RpcError, peer: string): ServiceError {
  const details = error.metadata?.get(DETAILS_KEY)[0];
  const told = Buffer.isBuffer(details) ? toldError(details, error) : undefined;
  if (told !== undefined) return told;
  switch (error.code) {
    case status.CANCELLED:
      return new ServiceError("cancelled", "The call was cancelled.", { cause: error });
    case status.DEADLINE_EXCEEDED:
      return new ServiceError("deadline_exceeded", `The deadline passed before ${peer} answered.`, { cause: error });
    case status.UNAVAILABLE:
      return new ServiceError("unavailable", `${peer} cannot be reached now. Try again.`, {
        cause: error,
        retryAfterMs: 1000,
      });
    case status.RESOURCE_EXHAUSTED:
      // The size of a message is the only bound that grpc-js names; any other is one of a moment.
      if (!/(message|size) larger than/i.test(error.details)) {
        return new ServiceError("overloaded", `${peer} is overloaded. Try again.`, {
          cause: error,
          retryAfterMs: 1000,
        });
      }
      return new ServiceError("request_too_large", `The message is larger than ${peer} takes.`, { cause: error });
    default:
      return new ServiceError("internal", `${peer} failed. Its log has the reason.`, { cause: error });
  }
}

/** What is told of a failure beside its code and message, for programs: google.rpc's details. */
export function statusDetailsOf(error: ServiceError): Any[] {
  const details = [any("google.rpc.ErrorInfo", ErrorInfo.encode(errorInfoOf(error)).finish())];
  if (error.retryAfterMs !== undefined) {
    const ms = Math.ceil(error.retryAfterMs);
    const retryDelay = { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1e6 };
    details.push(any("google.rpc.RetryInfo", RetryInfo.encode({ retryDelay }).finish()));
  }
  if (error.field !== undefined) {
    const fieldViolations = [{ field: error.field, description: error.message }];
    details.push(any("google.rpc.BadRequest", BadRequest.encode({ fieldViolations }).finish()));
  }
  return details;
}

function errorInfoOf(error: ServiceError): ErrorInfo {
  return { reason: error.kind.toUpperCase(), domain: DOMAIN, metadata: { ...error.metadata } };
}

function any(type: string, value: Uint8Array) {
  return { typeUrl: `type.googleapis.com/${type}`, value: Buffer.from(value) };
}

function toldError(details: Buffer, cause: RpcError): ServiceError | undefined {
  const told = decoded(details, Status);
  const find = (type: string) => told?.details.find((detail) => detail.typeUrl.endsWith(`/${type}`))?.value;
  const info = decoded(find("google.rpc.ErrorInfo"), ErrorInfo);
  if (told === undefined || info === undefined) return undefined;
  const { reason, domain, metadata } = info;
  const kind = reason.toLowerCase();
  if (domain !== DOMAIN || !isErrorKind(kind)) return undefined;
  const delay = decoded(find("google.rpc.RetryInfo"), RetryInfo)?.retryDelay;
  const field = decoded(find("google.rpc.BadRequest"), BadRequest)?.fieldViolations[0]?.field;
  return new ServiceError(kind, told.message, {
    cause,
    metadata,
    ...(delay ? { retryAfterMs: Number(delay.seconds) * 1000 + delay.nanos / 1e6 } : {}),
    ...(field ? { field } : {}),
  });
}

/** A message from what a peer sent, which may be anything. Undefined: there is none, or none that can be read. */
function decoded<Message>(
  bytes: Uint8Array | undefined,
  message: { decode(bytes: Uint8Array): Message },
): Message | undefined {
  if (bytes === undefined) return undefined;
  try {
    return message.decode(bytes);
  } catch {
    // The protobuf runtime throws errors of several kinds; they all say that the details are none.
    return undefined;
  }
}
