import type { IncomingHttpHeaders } from "node:http";

/**
 * Whether a request may act for who has signed in in the browser that sends it: a page of ours has sent it. Browsers
 * say where a request comes from, and pages cannot change what they say.
 */
export function isOfOurPages(headers: IncomingHttpHeaders): boolean {
  return saysOrigin(headers) && !isOfOthersPages(headers);
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
