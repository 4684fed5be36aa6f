import { serialize } from "#lib/wire/serialize.ts";
import { StoredPreviews } from "#proto/twinspan/store/v1/stored_previews.ts";
import type { SpanRow } from "../../core/spans/span-row.ts";

/** What lists show of a payload. */
export type Previews = Pick<SpanRow, "requestPreview" | "responsePreview">;

/** What lists show of a payload, as it is stored apart from the trace. Undefined: nothing. */
export function previewBytesOf({ requestPreview, responsePreview }: Previews): Uint8Array | undefined {
  if (requestPreview === "" && responsePreview === "") return undefined;
  return serialize(StoredPreviews, { request: requestPreview, response: responsePreview });
}

/** The inverse of {@link previewBytesOf}. */
export function previewsIn(bytes: Uint8Array): Previews {
  const { request, response } = StoredPreviews.decode(bytes);
  return { requestPreview: request, responsePreview: response };
}
