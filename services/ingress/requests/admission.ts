import { TLSSocket } from "node:tls";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { requireNeed } from "#lib/auth/authority.ts";
import { OWN_HEADER } from "#lib/auth/credential.ts";
import { type Identity, NOBODY } from "#lib/auth/identity.ts";
import { refusedRight } from "#lib/auth/refusal.ts";
import { serviceErrorOf } from "#lib/service-error.ts";
import { certifiedPeerOf } from "#lib/tls/certified-peer.ts";
import { queryCredentialsOf } from "../core/address.ts";
import { isOfForeignPage, isRebound } from "../core/browser/foreign-page.ts";
import { isOfOurPages } from "../core/browser/same-origin.ts";
import { sessionIn } from "../core/browser/session-cookie.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { askedOfCallers } from "./asked-of-callers.ts";
import { isSecure } from "./is-secure.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The caller's credential for twinspan, which goes on to the services: they check it themselves. Empty: there is none. */
    credential: string;
    /** Who calls. On routes that ask nothing it is nobody. */
    identity: Identity;
  }
}

/**
 * Finds out who makes each request before its body is read, and turns those away that may not: an early word in the
 * caller's dialect, which spares the services work. They trust none of it.
 */
export function admitCallers(app: FastifyInstance, parts: IngressParts): void {
  const { authority, onRefused } = parts;
  app.decorateRequest("credential", "");
  // A value that requests share must not be an object, says Fastify: each is given its own below.
  app.decorateRequest("identity");
  const askedBy = askedOfCallers(app);
  app.addHook("onRequest", (request, _reply, done) => {
    const given = authority.credentialAmong((name) => headerOf(request, name));
    const session = given === undefined ? sessionIn(request.headers, isSecure(request)) : undefined;
    request.credential = given ?? session ?? "";
    request.identity = NOBODY;
    let identity: Identity | undefined;
    const refuse = (thrown: unknown) => {
      const error = serviceErrorOf(thrown);
      onRefused(error, `${request.method} ${request.routeOptions.url ?? ""}`, identity);
      done(error);
    };
    try {
      const { need, hasConsequences } = askedBy(request);
      refuseForeignPages(request, hasConsequences, parts);
      if (need !== "nothing") {
        const admit = (known: Identity) => {
          identity = known;
          requireNeed(need, known);
          if (session !== undefined && hasConsequences) refuseOtherPages(request);
          request.identity = known;
        };
        const header = (name: string) => (name === OWN_HEADER ? request.credential : undefined);
        const known = authority.identify({ header, peer: peerOf(request) });
        if (known instanceof Promise) {
          known.then(admit).then(() => done(), refuse);
          return;
        }
        admit(known);
      }
    } catch (thrown) {
      refuse(thrown);
      return;
    }
    done();
  });
}

/** Who has signed in in a browser acts from our own pages alone. */
function refuseOtherPages({ headers }: FastifyRequest): void {
  if (isOfOurPages(headers)) return;
  throw refusedRight("role", "Who has signed in in a browser may do this from the console's own pages only.");
}

/** Where keys are off, a browser must not act for whatever page it has open. */
function refuseForeignPages(
  { headers }: FastifyRequest,
  hasConsequences: boolean,
  { authority, isForThisMachine }: IngressParts,
): void {
  if (authority.asksForKeys) return;
  if (hasConsequences && isOfForeignPage(headers)) {
    throw refusedRight("role", "Keys are off here, and another site's page asks: it may change nothing.");
  }
  if (isForThisMachine && isRebound(headers)) {
    throw refusedRight(
      "role",
      "Keys are off here, and a browser asks under a name of the internet's. Open the address itself; or write auth: none where a proxy with a name stands before it.",
    );
  }
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
