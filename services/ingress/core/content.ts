import type { IncomingHttpHeaders } from "node:http";
import { ServiceError } from "#lib/service-error.ts";

/** The media type of a request, in lower case, without its parameters. Empty: none was given. */
export function mediaTypeOf(headers: IncomingHttpHeaders): string {
  const [mediaType = ""] = (headers["content-type"] ?? "").split(";", 1);
  return mediaType.trim().toLowerCase();
}

/** Refuses a body that is not said to be JSON, with 415. */
export function requireJson(headers: IncomingHttpHeaders): void {
  const mediaType = mediaTypeOf(headers);
  if (mediaType === "application/json") return;
  const given = mediaType === "" ? "no content-type" : `content-type ${printable(mediaType)}`;
  throw new ServiceError("unsupported_media_type", `The request has ${given}. Send content-type: application/json.`);
}

/** Refuses a body that is compressed, with 415. */
export function requirePlain(headers: IncomingHttpHeaders): void {
  const encoding = encodingOf(headers);
  if (encoding === "identity") return;
  throw new ServiceError(
    "unsupported_media_type",
    `The request has content-encoding ${printable(encoding)}. Send the body uncompressed.`,
  );
}

/** The content-encoding of a request, in lower case; `identity` when there is none. */
export function encodingOf(headers: IncomingHttpHeaders): string {
  return headers["content-encoding"]?.trim().toLowerCase() || "identity";
}

/** Whether a list of encodings (`accept-encoding`, `connect-accept-encoding`) has one. */
export function takesEncoding(accepted: string | string[] | undefined, encoding: string): boolean {
  return accepts([accepted ?? []].flat().join(","), encoding);
}

/** Whether a request asks for a page: browsers name HTML, programs take anything. */
export function wantsPage(headers: IncomingHttpHeaders): boolean {
  return accepts(headers.accept ?? "", "text/html");
}

/** Whether a list of names, each with its parameters, has one that is not ruled out by `q=0`. */
function accepts(list: string, wanted: string): boolean {
  return list.split(",").some((item) => {
    const [name, ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    return name === wanted && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}

/** What a caller sent, fit for a message to that caller. */
export function printable(text: string): string {
  return text.slice(0, 100).replace(/[^\x20-\x7e]/g, "?");
}
