import { ProviderError } from "../core/provider-error.ts";
import { AddressRefusedError } from "./address-guard.ts";

/** undici's codes for time that ran out, and what they mean. */
const TIMEOUTS: ReadonlyMap<string, string> = new Map([
  ["UND_ERR_CONNECT_TIMEOUT", "did not connect in time (timeouts.connectMs)"],
  ["UND_ERR_HEADERS_TIMEOUT", "did not begin its answer in time (timeouts.firstByteMs)"],
  ["UND_ERR_BODY_TIMEOUT", "stopped in the middle of its answer (timeouts.idleMs)"],
]);

/** The failure that an error of the HTTP client is. `hasHead`: the answer had begun. */
export function providerFailureOf(provider: string, error: unknown, hasHead: boolean): ProviderError {
  const code = codeOf(error);
  const text = error instanceof Error ? `${code} ${error.message}`.trim() : String(error);
  const said = { text, cause: error };
  if (error instanceof AddressRefusedError) {
    const message = `The provider ${provider} is at an address that is not allowed. Its operator may allow it: providers.${provider}.allowAddresses.`;
    return new ProviderError("endpoint_unavailable", message, {
      text: `${error.address}: ${error.message}`,
      cause: error,
    });
  }
  const timeout = TIMEOUTS.get(code);
  if (timeout !== undefined) {
    return new ProviderError("provider_timeout", `The provider ${provider} ${timeout}.`, said);
  }
  if (hasHead) {
    const message = `The provider ${provider} broke off in the middle of its answer.`;
    return new ProviderError("provider_protocol", message, said);
  }
  if (code.startsWith("HPE_") || (error instanceof Error && error.name === "HTTPParserError")) {
    return new ProviderError("provider_protocol", `The provider ${provider} does not speak HTTP.`, said);
  }
  return new ProviderError("provider_unavailable", `The provider ${provider} cannot be reached.`, said);
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code ?? "") : "";
}
