import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { WELCOME } from "../core/browser/welcome.ts";
import { takesEncoding, wantsPage } from "../core/content.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { type ConsoleFile, readConsoleFiles } from "./console-files.ts";

/** The console's own addresses beside `/`. Each is the same page, which shows what its address says. */
const ADDRESSES = ["/experiments", "/traces", "/traces/:trace", "/endpoints", "/setup"];

/** Names of files below this are made of what is in them, so that they never change. */
const HASHED = "/assets/";
const FOREVER = "public, max-age=31536000, immutable";
const CHECK_FIRST = "no-cache";

/** The page runs its own files and nothing else, asks its own server and nobody else, and is in nobody's frame. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "form-action 'self'",
].join("; ");
const PAGE_HEADERS = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
} as const;

const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>twinspan</title>
<h1>The console is not built</h1>
<p>Run <code>make console</code>, then start the ingress again. All else is served as usual.</p>
</html>
`;

/** `GET /` and the console's own addresses: the console for browsers; at `/` the list of what there is for programs. */
export function routeConsole(app: FastifyInstance, { config, consoleDirectory }: IngressParts): void {
  const welcome = (reply: FastifyReply) => reply.type("text/plain; charset=utf-8").send(WELCOME);
  if (config.console === "off") {
    app.get("/", (_request, reply) => welcome(reply));
    return;
  }
  const built = readConsoleFiles(consoleDirectory);
  const sendPage = (request: FastifyRequest, reply: FastifyReply) => {
    reply.headers(PAGE_HEADERS).header("cache-control", CHECK_FIRST);
    if (built !== undefined) return send(request, reply, built.page);
    return reply.code(503).type("text/html; charset=utf-8").send(NOT_BUILT);
  };

  app.get("/", (request, reply) => {
    reply.header("vary", "accept, accept-encoding");
    return wantsPage(request.headers) ? sendPage(request, reply) : welcome(reply);
  });
  for (const address of ADDRESSES) {
    app.get(address, (request, reply) => sendPage(request, reply.header("vary", "accept-encoding")));
  }
  for (const [path, file] of built?.files ?? []) {
    const caching = path.startsWith(HASHED) ? FOREVER : CHECK_FIRST;
    // All of them count as one route: their names change with every build.
    app.get(path, { config: { countedAs: "/assets/*" } }, (request, reply) => {
      reply.headers({ "cache-control": caching, "x-content-type-options": "nosniff", vary: "accept-encoding" });
      return send(request, reply, file);
    });
  }
}

function send(request: FastifyRequest, reply: FastifyReply, file: ConsoleFile): FastifyReply {
  reply.header("etag", file.etag);
  if (isKnown(request.headers["if-none-match"], file.etag)) return reply.code(304).send();
  const best = file.encoded.find(([encoding]) => takesEncoding(request.headers["accept-encoding"], encoding));
  reply.type(file.contentType);
  return best === undefined ? reply.send(file.bytes) : reply.header("content-encoding", best[0]).send(best[1]);
}

/** Whether the client has the file already, by weak comparison (RFC 9110 §13.1.2). */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = (ifNoneMatch ?? "").split(",").map((tag) => tag.trim());
  return known.some((tag) => tag === "*" || tag === etag || `W/${tag}` === etag);
}
