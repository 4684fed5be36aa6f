import { ServiceError } from "#lib/service-error.ts";

/** A request that is not of its dialect. `field`: the one at fault, in the request's own names. */
export function invalidRequest(message: string, field?: string): ServiceError {
  return new ServiceError("invalid_request", message, field === undefined ? {} : { field });
}
