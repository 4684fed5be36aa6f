import { TLSSocket } from "node:tls";
import type { FastifyRequest } from "fastify";

/** Whether a browser speaks TLS, to us or to the proxy before us. */
export function isSecure({ raw, headers }: Pick<FastifyRequest, "raw" | "headers">): boolean {
  return raw.socket instanceof TLSSocket || headers["x-forwarded-proto"] === "https";
}
