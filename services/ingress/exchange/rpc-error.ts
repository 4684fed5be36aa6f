import { Metadata, type ServiceError as RpcError, status } from "@grpc/grpc-js";

/** In the words of grpc-js, by which it is told from other exhaustion. */
export function tooLarge(): RpcError {
  return errorWith(status.RESOURCE_EXHAUSTED, "Received message larger than max");
}

/** The deadline has passed. */
export function deadlineExceeded(): RpcError {
  return errorWith(status.DEADLINE_EXCEEDED, "Deadline exceeded");
}

/** There is no way now. */
export function unavailable(details: string): RpcError {
  return errorWith(status.UNAVAILABLE, details);
}

/** An error of grpc-js's, as a call of its own would end with it. */
function errorWith(code: number, details: string): RpcError {
  return Object.assign(new Error(details), { code, details, metadata: new Metadata() });
}
