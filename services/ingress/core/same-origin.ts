import type { IncomingHttpHeaders } from "node:http";

/** What changes nothing, wherever it comes from. */
const SAFE_METHODS = ["GET", "HEAD", "OPTIONS"];

/**
 * Whether a request may act for who has signed in in the browser that sends it: a page of ours has sent it, or it changes nothing.
 * Browsers say where a request comes from, and pages cannot change what they say.
 */
export function isOfOurPages(method: string, headers: IncomingHttpHeaders): boolean {
  return changesNothing(method) || (saysOrigin(headers) && !isOfOthersPages(headers));
}

/** Whether requests of a method change nothing, wherever they come from. */
export function changesNothing(method: string): boolean {
  return SAFE_METHODS.includes(method);
}

/** Whether a browser says that another site's page sends it. Who says nothing is no browser, and has no cookies. */
export function isOfOthersPages(headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers;
  const site = headers["sec-fetch-site"];
  if (origin !== undefined) return !URL.canParse(origin) || new URL(origin).host !== host;
  return site !== undefined && site !== "same-origin" && site !== "none";
}

function saysOrigin(headers: IncomingHttpHeaders): boolean {
  return headers.origin !== undefined || headers["sec-fetch-site"] !== undefined;
}
