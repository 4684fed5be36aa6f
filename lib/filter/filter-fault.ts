import { ServiceError } from "../service-error.ts";

/** What is wrong with a filter, and what to do. `at` is the place in its text, from 0; readers count columns from 1. */
export function filterFault(at: number, message: string): ServiceError {
  return new ServiceError("invalid_request", `filter, column ${at + 1}: ${message}`, { field: "filter" });
}
