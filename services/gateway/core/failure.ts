import type { ServiceError } from "#lib/service-error.ts";
import type { Failure } from "./invocation.ts";
import { ProviderError } from "./provider-error.ts";

/** The failure that an error is, for a span: what the provider or the network said is its text. */
export function failureOf(error: ServiceError): Failure {
  const { kind } = error;
  return error instanceof ProviderError ? { kind, text: error.text } : { kind, text: error.message, isOurs: true };
}
