import type { LanguageModelV4FilePart } from "@ai-sdk/provider";
import { invalidRequest } from "../dialects/invalid-request.ts";

/** The media types that a URL's extension tells, where nothing else does. */
const BY_EXTENSION: ReadonlyMap<string, string> = new Map([
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["gif", "image/gif"],
  ["webp", "image/webp"],
  ["pdf", "application/pdf"],
]);

/** `data:<media type>;base64,<data>`, with other parameters in between. */
const DATA_URL = /^data:([^;,]+)(?:;[^;,]*)*;base64,/;

/**
 * A file of a prompt at a URL, or within one (`data:`). `kind` is the media type where the URL does not tell: a whole
 * one or its first half. The part remembers `field` for whoever must refuse it (`given-urls.ts`). Throws a ServiceError
 * `invalid_request` with `field` when it is no URL.
 */
export function filePartOfUrl(text: string, kind: string, field: string): LanguageModelV4FilePart {
  const inline = DATA_URL.exec(text);
  if (inline?.[1] !== undefined) return filePartOfBase64(text.slice(inline[0].length), inline[1]);
  const url = URL.parse(text);
  if (url === null || url.protocol === "data:") {
    throw invalidRequest(`\`${field}\` must be a URL, or a data URL in base64.`, field);
  }
  const extension = /\.(\w+)$/.exec(url.pathname)?.[1]?.toLowerCase();
  const told = BY_EXTENSION.get(extension ?? "");
  const mediaType = told?.startsWith(kind) ? told : kind;
  const providerOptions = { twinspan: { field } };
  return { type: "file", data: { type: "url", url, originalUrl: text }, mediaType, providerOptions };
}

/** A file of a prompt that is within it, in base64. */
export function filePartOfBase64(data: string, mediaType: string): LanguageModelV4FilePart {
  return { type: "file", data: { type: "data", data }, mediaType };
}
