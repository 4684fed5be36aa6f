import type { IncomingHttpHeaders } from "node:http";

/**
 * Whether a page of another site sends a request. Where keys are off nothing else keeps such a page from acting as who
 * has it open. Pages of this machine are none: they are as near as any program here.
 */
export function isOfForeignPage({ origin, host, "sec-fetch-site": site }: IncomingHttpHeaders): boolean {
  if (origin === undefined) return site === "cross-site";
  if (!URL.canParse(origin)) return true;
  const from = new URL(origin);
  return from.host !== host && !isOfThisMachine(from.hostname);
}

/**
 * Whether a browser asks for this machine under a name of the internet's: somebody's name may lead here (DNS
 * rebinding), and then that one's pages read what they like. What is no browser may call this machine as it likes.
 */
export function isRebound(headers: IncomingHttpHeaders): boolean {
  const isBrowser =
    headers.origin !== undefined ||
    headers["sec-fetch-site"] !== undefined ||
    headers["user-agent"]?.startsWith("Mozilla/") === true;
  const address = `http://${headers.host ?? ""}`;
  return isBrowser && (!URL.canParse(address) || !isOfThisMachine(new URL(address).hostname));
}

/** Names that nobody can register: addresses, as URLs write them, those without a dot, and those below `localhost`. */
function isOfThisMachine(hostname: string): boolean {
  return /^(\[.*\]|[\d.]+|[^.]+|.*\.localhost)$/.test(hostname);
}
