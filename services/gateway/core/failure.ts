import type { ServiceError } from "#lib/service-error.ts";
import type { Failure } from "./invocation.ts";
import { ProviderError } from "./provider-error.ts";

/** The failure that an error is, for a span: what the provider or the network said is its text. */
export function failureOf(error: ServiceError): Failure {
  return { kind: error.kind, text: error instanceof ProviderError ? error.text : error.message };
}
