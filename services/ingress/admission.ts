import { TLSSocket } from "node:tls";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { requireNeed } from "#lib/auth/authority.ts";
import type { Identity } from "#lib/auth/identity.ts";
import { serviceErrorOf } from "#lib/service-error.ts";
import { certifiedPeerOf } from "#lib/tls/certified-peer.ts";
import { queryCredentialsOf } from "./core/address.ts";
import { routeNeedOf } from "./core/route-needs.ts";
import type { IngressParts } from "./ingress-parts.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The caller's credential for twinspan, which goes on to the services: they check it themselves. Empty: there is none. */
    credential: string;
  }
  interface FastifyContextConfig {
    /** Whether the route does nothing but say that its method is not taken. */
    readonly isRefusal?: boolean;
  }
}

/**
 * Finds out who makes each request before its body is read, and turns those away that may not: an early word in the caller's
 * dialect, which spares the services work. They trust none of it.
 */
export function admitCallers(app: FastifyInstance, { authority, onRefused }: IngressParts): void {
  app.decorateRequest("credential", "");
  app.addHook("onRoute", ({ method, url, config }) => {
    for (const name of config?.isRefusal ? [] : [method].flat()) {
      if (routeNeedOf(name, config?.countedAs ?? url) !== undefined) continue;
      throw new Error(`services/ingress/core/route-needs.ts must say what ${name} ${url} asks of its callers`);
    }
  });
  app.addHook("onRequest", async (request) => {
    const header = (name: string) => headerOf(request, name);
    request.credential = authority.credentialAmong(header) ?? "";
    const { url = "", config } = request.routeOptions;
    const need = url === "" || config.isRefusal ? "nothing" : routeNeedOf(request.method, config.countedAs ?? url);
    if (need === "nothing") return;
    let identity: Identity | undefined;
    try {
      if (need === undefined) throw new Error(`nobody has said what ${request.method} ${url} asks of its callers`);
      identity = await authority.identify({ header, peer: peerOf(request) });
      requireNeed(need, identity);
    } catch (thrown) {
      const error = serviceErrorOf(thrown);
      onRefused(error, `${request.method} ${url}`, identity);
      throw error;
    }
  });
}

/** Gemini's clients may send their key in the query: it counts where no header has one. */
function headerOf({ headers, url }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  if (typeof value === "string") return value;
  return queryCredentialsOf(url).find((credential) => credential.name === name)?.value;
}

function peerOf({ raw: { socket } }: FastifyRequest) {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  return certifiedPeerOf(socket.getPeerCertificate());
}
