import type { Header } from "#proto/twinspan/gateway/v1/invocation.ts";
import { keyHeaderOf } from "../providers/kinds.ts";
import type { ProviderRequest } from "../providers/provider.ts";
import type { TranslatorOptions } from "./translation.ts";

/** The headers in which credentials travel, a package's among them. */
const CREDENTIALS = ["authorization", "x-api-key", "x-goog-api-key", "api-key"];

/**
 * The headers of a request that a package made: its own, the operator's, and the credentials, ours or the caller's, in the
 * header where the provider looks for them. What the package put there itself goes, but for a signature.
 */
export function outgoingHeadersOf(
  { options, apiKey }: TranslatorOptions,
  { credentials, traceParent }: ProviderRequest,
  given: Record<string, string>,
): Record<string, string> {
  const headers = { ...given };
  const isSigned = headers["authorization"]?.startsWith("AWS4-HMAC-SHA256 ") && credentials === undefined;
  if (!isSigned) {
    for (const name of CREDENTIALS) delete headers[name];
    const { name, prefix } = keyHeaderOf(options);
    const key = credentials === undefined ? apiKey : keyIn(credentials);
    if (key !== undefined) headers[name] = prefix + key;
  }
  return { ...headers, ...options.headers, ...(traceParent === undefined ? {} : { traceparent: traceParent }) };
}

/** The caller's own key, in whichever header its SDK sends it. */
function keyIn(credentials: readonly Header[]): string | undefined {
  const value = credentials.find(({ name }) => CREDENTIALS.includes(name))?.value;
  return value?.replace(/^Bearer +/i, "");
}
