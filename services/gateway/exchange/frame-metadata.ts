import { HeaderTexts, type MetadataTexts } from "#lib/rpc/metadata-texts.ts";
import { ServiceError } from "#lib/service-error.ts";
import type { Header } from "#proto/twinspan/gateway/v1/invocation.ts";

/** Bounds of an invocation's metadata; of a call's own HTTP/2 has the same. */
const PAIRS_MAX = 128;
const METADATA_BYTES_MAX = 64 * 1024;
/** What gRPC takes as a name, and as a value that is no bytes. */
const NAME = /^[:0-9a-z_.-]+$/;
const VALUE = /^[\x20-\x7e]*$/;

/**
 * The metadata that an invocation was opened with, as a call of its own has it. `userAgent` is the stream's. Throws
 * `invalid_request` where it is none.
 */
export function openedMetadataOf(headers: readonly Header[], userAgent: string | undefined): MetadataTexts {
  const bytes = headers.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
  if (headers.length > PAIRS_MAX || bytes > METADATA_BYTES_MAX) {
    throw refusal(`The metadata is more than ${PAIRS_MAX} pairs or ${METADATA_BYTES_MAX} bytes.`);
  }
  for (const { name, value } of headers) {
    if (name.endsWith("-bin")) throw refusal("The metadata has binary values, which frames do not carry.");
    if (NAME.test(name) && VALUE.test(value)) continue;
    throw refusal("The metadata has a name or a value that gRPC does not take.");
  }
  // What comes first counts.
  return new HeaderTexts(userAgent === undefined ? headers : [...headers, { name: "user-agent", value: userAgent }]);
}

function refusal(message: string): ServiceError {
  return new ServiceError("invalid_request", message, { field: "open.metadata" });
}
