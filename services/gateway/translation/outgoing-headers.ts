import type { Header } from "#proto/twinspan/gateway/v1/invocation.ts";
import { callerKeyOf, withoutKeys } from "../providers/caller-credentials.ts";
import { keyHeaderOf } from "../providers/kinds.ts";
import { ownKeyOf } from "../providers/own-key.ts";
import type { ProviderRequest } from "../providers/provider.ts";
import type { Sender } from "../providers/sender.ts";

/**
 * The headers of a request that a package made: its own, the operator's, and the credentials, ours or the caller's, in
 * the header where the provider looks for them. What the package put there itself goes, but for a signature.
 */
export async function outgoingHeadersOf(
  sender: Sender,
  { credentials, traceParent, signal }: ProviderRequest,
  given: Record<string, string>,
): Promise<Record<string, string>> {
  const isSigned = credentials === undefined && given["authorization"]?.startsWith("AWS4-HMAC-SHA256 ");
  const headers = isSigned ? given : withoutKeys(given);
  const own = credentials === undefined;
  const key = own ? await ownKeyOf(sender, keyHeaderOf(sender.options), signal) : keyIn(sender, credentials);
  return {
    ...headers,
    ...sender.options.headers,
    ...(isSigned ? {} : key),
    ...(traceParent === undefined ? {} : { traceparent: traceParent }),
  };
}

/** The caller's own key, in whichever header its SDK sends it, as a header of the provider's. */
function keyIn({ options }: Sender, credentials: readonly Header[]): Record<string, string> {
  const value = callerKeyOf(credentials);
  const { name, prefix } = keyHeaderOf(options);
  return value === undefined ? {} : { [name]: prefix + value.replace(/^Bearer +/i, "") };
}
